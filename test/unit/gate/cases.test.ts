import { readFileSync } from 'node:fs';
import { readFiles } from '@tvm/cli/policy/files.ts';
import { judgeFiles } from '@tvm/gate/check-files.ts';
import { count } from '@tvm/gate/reports/count.ts';
import { DAY_OF_EXAMPLES } from '@tvm/gate/suppression.ts';
import { describe, expect, it } from 'vitest';

/** Files that were written to pass the gate, or that it wrongly refused, and their verdicts. */
const CASES = 'test/fixtures/gate/cases';

const rows = readFileSync(`${CASES}/expected.tsv`, 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t') as [file: string, verdict: string, rule: string, note: string]);

describe('the cases', () => {
  it.each(rows)('%s: %s (%s) %s', async (file, verdict, rule) => {
    const files = await readFiles([`${CASES}/${file}`]);
    const allowedRegistries = file === '28-bare-image-name.yaml' ? ['docker.io/library'] : undefined;
    const { findings, unjudged } = judgeFiles(files, { today: DAY_OF_EXAMPLES, allowedRegistries });
    const { errors } = count(findings);
    const rules = findings.map(({ rule }) => rule);
    if (verdict === 'error') expect(errors).toBeGreaterThan(0);
    else if (verdict === 'finding') expect(rules).not.toEqual([]);
    else if (verdict === 'clean') expect(rules).toEqual([]);
    else {
      expect(verdict).toBe('unjudged');
      expect(unjudged).not.toEqual([]);
    }
    if (rule !== '-' && rule !== '') expect(rules).toContain(rule);
  });
});
