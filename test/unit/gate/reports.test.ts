import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { CheckResult } from '@tvm/gate/model/check.ts';
import type { Finding } from '@tvm/gate/model/finding.ts';
import { githubReport } from '@tvm/gate/reports/github.ts';
import { jsonReport } from '@tvm/gate/reports/json.ts';
import { sarifReport } from '@tvm/gate/reports/sarif.ts';
import { textReport } from '@tvm/gate/reports/text.ts';
import { describe, expect, it } from 'vitest';

const FINDINGS: Finding[] = [
  { rule: 'kubernetes/host-namespace', file: 'a,b:c.yaml', line: 7, message: 'Pod p is 100% open' },
  { rule: 'kubernetes/image-without-digest', file: 'k8s/b c.yaml', line: 12, message: 'Pod p runs web' },
  { rule: 'kubernetes/image-without-digest', file: 'k8s/b c.yaml', line: 14, message: 'Pod q runs web' },
];

const RESULT: CheckResult = { findings: FINDINGS, files: 9, unjudged: ['k8s/values.yaml', 'x.json'] };
const NOTHING: CheckResult = { findings: [], files: 1, unjudged: [] };

function only(finding: object): CheckResult {
  return { ...NOTHING, findings: [finding as Finding] };
}

describe('reports of findings', () => {
  it('as text list the findings, then each rule’s reason once, then the counts', () => {
    const text = textReport(RESULT, new PassThrough());
    expect(text).toBe(stripVTControlCharacters(text));
    expect(text).toContain('\nk8s/b c.yaml\n  12  warning  kubernetes/image-without-digest  Pod p runs web\n');
    expect(text.match(/Everyone who can push/g)).toHaveLength(1);
    expect(text).toMatch(/\nNot judged: k8s\/values\.yaml, x\.json\n1 error, 2 warnings; 7 of 9 files judged\n$/);
    expect(textReport(NOTHING, new PassThrough())).toBe('0 errors, 0 warnings; 1 of 1 file judged\n');
    const unjudged = Array.from({ length: 12 }, (_, index) => `${index}.yaml`);
    expect(textReport({ findings: [], files: 12, unjudged }, new PassThrough())).toMatch(
      /^Not judged: 0\.yaml, .*, 9\.yaml and 2 more\n0 errors, 0 warnings; 0 of 12 files judged\n$/,
    );
  });

  it('as JSON contain the texts of the rule', () => {
    const report = JSON.parse(jsonReport(RESULT));
    expect(report).toMatchObject({
      version: 1,
      errors: 1,
      warnings: 2,
      files: 9,
      judged: 7,
      unjudged: RESULT.unjudged,
    });
    expect(Object.keys(report.findings[0])).toEqual([
      'file',
      'line',
      'severity',
      'rule',
      'message',
      'title',
      'why',
      'instead',
    ]);
    expect(JSON.parse(jsonReport(NOTHING))).toEqual({
      version: 1,
      errors: 0,
      warnings: 0,
      files: 1,
      judged: 1,
      unjudged: [],
      findings: [],
    });
  });

  it('as SARIF have the properties that version 2.1.0 requires', () => {
    const log = JSON.parse(sarifReport(RESULT, '1.2.3'));
    expect(log).toMatchObject({ version: '2.1.0', $schema: expect.stringContaining('sarif-2.1.0') });
    expect(log.runs).toHaveLength(1);
    const [{ tool, results, invocations }] = log.runs;
    expect(invocations).toMatchObject([
      { executionSuccessful: true, toolExecutionNotifications: [{ level: 'note' }, { level: 'note' }] },
    ]);
    expect(tool.driver).toMatchObject({ name: 'tvm policy check', version: '1.2.3' });
    expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual([
      'kubernetes/host-namespace',
      'kubernetes/image-without-digest',
    ]);
    for (const rule of tool.driver.rules) {
      for (const key of ['shortDescription', 'fullDescription', 'help']) expect(rule[key].text).toMatch(/./);
    }
    expect(results.map(({ level }: { level: string }) => level)).toEqual(['error', 'warning', 'warning']);
    for (const result of results) {
      expect(tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
      expect(result.message.text).toMatch(/^Pod/);
    }
    expect(results[1].locations).toEqual([
      { physicalLocation: { artifactLocation: { uri: 'k8s/b%20c.yaml' }, region: { startLine: 12 } } },
    ]);
  });

  it('contain no command that a CI runner would execute', () => {
    const finding = {
      ...FINDINGS[0],
      file: ' ::error::x\u001b[2J\n',
      message: 'a ##[add-mask]b ##vso[task]',
    } as Finding;
    const text = textReport(only(finding), new PassThrough());
    expect(text).not.toMatch(/^\s*::/m);
    expect(text).not.toMatch(/##(?:vso)?\[/);
    const github = githubReport(only(finding));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for control characters
    expect(github).not.toMatch(/\u001b|%0A|##\[/);
  });

  it('as workflow commands escape special characters', () => {
    const [first] = githubReport(only({ ...FINDINGS[0], message: 'a\r\nb, c: 100%' })).split('\n');
    expect(first).toMatch(
      /^::error file=a%2Cb%3Ac\.yaml,line=7,title=kubernetes\/host-namespace::a%0D%0Ab, c: 100%25\. Omit/,
    );
  });
});
