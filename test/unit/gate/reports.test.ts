import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
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

describe('reports of findings', () => {
  it('as text list the findings, then each rule’s reason once, then the counts', () => {
    const text = textReport(FINDINGS, 9, new PassThrough());
    expect(text).toBe(stripVTControlCharacters(text));
    expect(text).toContain('\nk8s/b c.yaml\n  12  warning  kubernetes/image-without-digest  Pod p runs web\n');
    expect(text.match(/Everyone who can push/g)).toHaveLength(1);
    expect(text).toMatch(/\n1 error, 2 warnings in 9 files\n$/);
    expect(textReport([], 1, new PassThrough())).toBe('0 errors, 0 warnings in 1 file\n');
  });

  it('as JSON contain the texts of the rule', () => {
    const report = JSON.parse(jsonReport(FINDINGS));
    expect(report).toMatchObject({ version: 1, errors: 1, warnings: 2 });
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
    expect(JSON.parse(jsonReport([]))).toEqual({ version: 1, errors: 0, warnings: 0, findings: [] });
  });

  it('as SARIF have the properties that version 2.1.0 requires', () => {
    const log = JSON.parse(sarifReport(FINDINGS, '1.2.3'));
    expect(log).toMatchObject({ version: '2.1.0', $schema: expect.stringContaining('sarif-2.1.0') });
    expect(log.runs).toHaveLength(1);
    const [{ tool, results }] = log.runs;
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
    const text = textReport([finding], 1, new PassThrough());
    expect(text).not.toMatch(/^\s*::/m);
    expect(text).not.toMatch(/##(?:vso)?\[/);
    const github = githubReport([finding]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for control characters
    expect(github).not.toMatch(/\u001b|%0A|##\[/);
  });

  it('as workflow commands escape special characters', () => {
    const [first] = githubReport([{ ...FINDINGS[0], message: 'a\r\nb, c: 100%' } as Finding]).split('\n');
    expect(first).toMatch(
      /^::error file=a%2Cb%3Ac\.yaml,line=7,title=kubernetes\/host-namespace::a%0D%0Ab, c: 100%25\. Omit/,
    );
  });
});
