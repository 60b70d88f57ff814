import { readFileSync } from 'node:fs';
import { checkPolicies } from '@tvm/gate/policies/check-policies.ts';
import { exampleDirectory } from '@tvm/gate/policies/example-directory.ts';
import { policyFlawRules } from '@tvm/gate/policies/flaw-rules.ts';
import { policyRules } from '@tvm/gate/policies/rules.ts';
import { DAY_OF_EXAMPLES } from '@tvm/gate/suppression.ts';
import { describe, expect, it } from 'vitest';

const schema = readFileSync('policies/schema.cedarschema', 'utf8');

describe.each([...policyFlawRules, ...policyRules].map((rule) => ({ id: rule.id, rule })))('$id', ({ id, rule }) => {
  it('finds its failing example', () => {
    const findings = checkPolicies(exampleDirectory(rule.failing, schema), DAY_OF_EXAMPLES);
    expect(findings.map(({ rule }) => rule)).toContain(id);
    expect(findings.filter((finding) => finding.rule === id)).toHaveLength(1);
  });

  it('finds nothing in its passing example', () => {
    expect(checkPolicies(exampleDirectory(rule.passing, schema), DAY_OF_EXAMPLES)).toEqual([]);
  });
});
