import { readFileSync } from 'node:fs';
import { checkFiles } from '@tvm/gate/check-files.ts';
import type { Rule, SourceFile } from '@tvm/gate/model/finding.ts';
import { exampleDirectory } from '@tvm/gate/policies/example-directory.ts';
import { policyFlawRules } from '@tvm/gate/policies/flaw-rules.ts';
import { regoFindings } from '@tvm/gate/rego/check-rego.ts';
import { regoRules } from '@tvm/gate/rego/rego-rules.ts';
import { rulesById, suppressibleRules } from '@tvm/gate/rules.ts';
import { DAY_OF_EXAMPLES } from '@tvm/gate/suppression.ts';
import { describe, expect, it } from 'vitest';

const RULES = [...rulesById.values()];

/** Other rules that the failing example of a rule necessarily violates. */
const ALSO: Record<string, string[]> = {
  'suppression/expired': ['kubernetes/host-namespace'],
  'suppression/malformed': ['kubernetes/host-namespace'],
  'suppression/unused': ['kubernetes/host-namespace'],
};

/** The files that accompany every policy example. */
const SCHEMA = readFileSync(new URL('../../../policies/schema.cedarschema', import.meta.url), 'utf8');

const deny = await regoRules(readFileSync('test/fixtures/opa/manifests.wasm'), 'main/deny');

async function rulesIn({ id }: Rule, example: SourceFile): Promise<string[]> {
  const files = id.startsWith('policy/') ? exampleDirectory(example, SCHEMA) : [example];
  const own = id.startsWith('rego/') ? await regoFindings(files, deny) : [];
  const findings = checkFiles(files, { today: DAY_OF_EXAMPLES, allowedRegistries: ['ghcr.io/acme'] }, own);
  return [...new Set(findings.map(({ rule }) => rule))].sort();
}

describe('every rule of the gate', () => {
  it.each(RULES)('$id finds its failing example, and no other rule does', async (rule) => {
    expect(await rulesIn(rule, rule.failing)).toEqual([rule.id, ...(ALSO[rule.id] ?? [])].sort());
  });

  it.each(RULES)('neither $id nor another rule finds anything in its passing example', async (rule) => {
    expect(await rulesIn(rule, rule.passing)).toEqual([]);
  });

  it.each(RULES)('$id has a title, a reason and a remedy in sentences', (rule) => {
    expect(rule.id).toMatch(/^[a-z-]+\/[a-z-]+$/);
    expect(rule.title).toMatch(/[^.]$/);
    expect(rule.why).toMatch(/\.$/);
    expect(rule.instead).toMatch(/\.$/);
  });

  it('can be suppressed, except for those about unreadable files and about suppressions', () => {
    const others = RULES.map(({ id }) => id).filter((id) => !suppressibleRules.has(id));
    const flaws = policyFlawRules.map(() => 'policy');
    expect(others.map((id) => id.split('/')[0]).sort()).toEqual([
      ...Array(3).fill('file'),
      ...flaws,
      ...Array(3).fill('suppression'),
    ]);
  });
});
