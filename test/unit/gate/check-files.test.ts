import { checkFiles, judgeFiles } from '@tvm/gate/check-files.ts';
import { describe, expect, it } from 'vitest';
import { check, pod, rulesIn } from './check.ts';

const BAD = { name: 'z/bad.yaml', text: pod('hostPID: true,') };

/** Nine levels of nine aliases each. */
const BOMB = `a0: &a0 [x]\n${Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`).join('\n')}\n`;

describe('a file that is found in a directory and cannot be read', () => {
  const found = (text: string) => judgeFiles([{ name: 'a.json', text, found: true }], { today: '2026-11-22' });

  it.each([
    '{\n // a: b\n "compilerOptions": {},\n}',
    '{"a": 1',
    'a: b: c\n',
    '{"name": {{ name }} }',
  ])('is not judged if it is not like a manifest: %j', (text) => {
    expect(found(text)).toEqual({ findings: [], files: 1, unjudged: ['a.json'] });
    expect(rulesIn(text)).toEqual(['file/unreadable']);
  });

  it.each([
    'apiVersion: v1\nkind: [Pod\n',
    '{\n // a: b\n "Resources": {},\n}',
    '{"Statement": [}',
    'patches: [{',
    '[{"op": "add", ',
    '"api\\x56ersion": v1\n"kind": {{ x }\n',
    '"api\\\n  Version": v1\nkind: [\n',
    '!!binary YXBpVmVyc2lvbg==: v1\nkind: [\n',
    'a\0p\0i\0',
  ])('is an error if it may be a manifest: %j', (text) => {
    expect(found(text).findings.map(({ rule }) => rule)).toEqual(['file/unreadable']);
  });
});

describe('a file that cannot be checked', () => {
  it.each([
    ['a syntax error', 'apiVersion: v1\nkind: [Pod\n', 'file/unreadable'],
    ['broken JSON', '{\n"apiVersion": "v1",\n"kind" "Pod"\n}', 'file/unreadable'],
    ['an alias bomb', BOMB, 'file/unreadable'],
    ['an alias of itself', 'a: &a [*a]\n', 'file/unreadable'],
    ['an alias of nothing', 'a: *b\n', 'file/unreadable'],
    ['a key that stands twice', 'apiVersion: v1\nkind: Pod\nkind: Role\n', 'file/unreadable'],
    ['a key that is a list', 'apiVersion: v1\nkind: Pod\n? [a]\n: b\n', 'file/unreadable'],
    ['lists nested deeply', `apiVersion: v1\nkind: Pod\nx: ${'['.repeat(300)}${']'.repeat(300)}\n`, 'file/unreadable'],
    ['lists nested very deeply', '['.repeat(200_000), 'file/unreadable'],
    ['JSON nested very deeply', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`, 'file/unreadable'],
    ['blocks nested very deeply', '- '.repeat(100_000), 'file/unreadable'],
    [
      'aliases nested deeply',
      Array.from({ length: 150 }, (_, i) => `a${i}: &a${i} [${i ? `*a${i - 1}` : 1}]`).join('\n'),
      'file/unreadable',
    ],
    ['ten megabytes', 'a: b\n'.repeat(2_000_000), 'file/too-large'],
    ['eight megabytes of lines', 'a: b\n'.repeat(1_600_000), 'file/unreadable'],
    ['eight megabytes of brackets', '['.repeat(8_000_000), 'file/unreadable'],
    ['eight megabytes of documents', '---\n'.repeat(2_000_000), 'file/unreadable'],
    ['many keys', `{${Array.from({ length: 90_000 }, (_, i) => `a${i}: 1`).join(', ')}}`, 'file/unrecognized'],
    ['nothing', '', 'file/unrecognized'],
    ['comments', '# nothing\n', 'file/unrecognized'],
    ['bytes', '\u0000\u0001\ufffd\n', 'file/unreadable'],
    ['settings', 'replicas: 2\n', 'file/unrecognized'],
    ['a list of numbers', '[1, 2]', 'file/unrecognized'],
    [
      'a Helm template',
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n{{- end }}\n',
      'file/unreadable',
    ],
  ])(
    'with %s has one finding, and the other files are checked',
    (_what, text, rule) => {
      const findings = checkFiles([{ name: 'a.yaml', text }, BAD], { today: '2026-11-22' });
      expect(findings.map(({ file, rule }) => `${file} ${rule}`)).toEqual([
        `a.yaml ${rule}`,
        'z/bad.yaml kubernetes/host-namespace',
      ]);
      expect(findings[0]?.line).toBeGreaterThan(0);
      expect(findings[0]?.message).toMatch(/^[^\n]{10,200}$/);
    },
    10_000,
  );

  it('has a finding at the line of a syntax error', () => {
    expect(check('apiVersion: v1\nkind: Pod\nspec: {a: [}\n')[0]).toMatchObject({ rule: 'file/unreadable', line: 3 });
  });

  it('is recognized as a Helm template that must be rendered', () => {
    const [finding] = check('a: {{ .Values.a }}\n');
    expect(finding?.rule).toBe('file/unreadable');
    expect(finding?.message).toMatch(/render it first: helm template CHART \| tvm policy check -$/);
  });

  it.each(['# {{\n', 'x: "{{"\n'])('is an error also with %j in it', (braces) => {
    expect(rulesIn(`${braces}apiVersion: v1\nkind: Pod\nkind: Pod\n`)).toEqual(['file/unreadable']);
  });

  it('is counted as not judged', () => {
    const files = [
      { name: 'found.yaml', text: 'replicas: 2\n', found: true as const },
      { name: 'empty.yaml', text: '# nothing\n', found: true as const },
      { name: 'broken.yaml', text: 'a: [' },
      { name: 'mixed.yaml', text: `${pod()}\n---\nreplicas: 2\n` },
      { name: 'chart/Chart.yaml', text: 'apiVersion: v2\nname: orders\nversion: 1.0.0\n' },
      { name: 'judged.yaml', text: pod() },
    ];
    const { findings, ...counts } = judgeFiles(files, { today: '2026-11-22' });
    expect(counts).toEqual({
      files: 6,
      unjudged: ['broken.yaml', 'chart/Chart.yaml', 'empty.yaml', 'found.yaml', 'mixed.yaml'],
    });
    expect(findings.map(({ file, rule }) => `${file} ${rule}`)).toEqual([
      'broken.yaml file/unreadable',
      'chart/Chart.yaml gate/not-judged',
      'mixed.yaml file/unrecognized',
    ]);
  });

  it('with a manifest and another document is checked, and a finding names the line of the other document', () => {
    const findings = check(`---\n${BAD.text}\n---\nreplicas: 2\n`);
    expect(findings.map(({ line, rule }) => `${line} ${rule}`)).toEqual([
      '2 kubernetes/host-namespace',
      '4 file/unrecognized',
    ]);
  });
});

describe('files', () => {
  it('are checked by their content, not by their names', () => {
    const template = '{"Resources":{"K":{"Type":"AWS::IAM::AccessKey"}}}';
    expect(check(template, 'pod.yaml').map(({ rule }) => rule)).toEqual(['cloudformation/access-key']);
  });

  it('have their findings sorted by file and line, in any order of input', () => {
    const files = ['b.yaml', 'a.yaml'].map((name) => ({ name, text: `${BAD.text}\n---\n${BAD.text}` }));
    const findings = checkFiles(files, { today: '2026-11-22' });
    expect(findings.map(({ file, line }) => `${file}:${line}`)).toEqual([
      'a.yaml:1',
      'a.yaml:3',
      'b.yaml:1',
      'b.yaml:3',
    ]);
  });

  it('in a directory with schema.cedarschema are checked only as policies', () => {
    const names = ['policies/schema.cedarschema', 'policies/bad.yaml', 'policies/tests/bad.yaml'];
    const findings = checkFiles(
      names.map((name) => ({ name, text: BAD.text })),
      { today: '2026-11-22' },
    );
    const judged = findings.filter(({ rule }) => rule.startsWith('kubernetes/')).map(({ file }) => file);
    expect(judged).toEqual(['policies/tests/bad.yaml']);
  });

  it.each(['policies/a.cedar', 'policies/other.cedarschema'])('beside %s are policies without a schema', (name) => {
    const findings = checkFiles([{ name, text: 'permit (principal, action, resource);' }], { today: '2026-11-22' });
    expect(findings.map(({ rule }) => rule)).toContain('policy/schema');
  });

  it('with control characters in their names have messages on one line', () => {
    const [finding] = check('apiVersion: v1\nkind: Pod\nmetadata: { name: "a\\nb\\e[2J" }\nspec: { hostPID: true }\n');
    expect(finding?.message).toMatch(/Pod a b\[2J/);
  });

  it('of three megabytes are checked', () => {
    const description = 'x'.repeat(300_000);
    const crd = `apiVersion: v1\nkind: CustomResourceDefinition\nmetadata: { name: c }\nspec: { d: ${description} }\n`;
    const findings = check(`${`${crd}---\n`.repeat(10)}${BAD.text}`);
    expect(findings.map(({ rule }) => rule)).toEqual(['kubernetes/host-namespace']);
  });

  it('are checked with merged keys and anchors expanded', () => {
    const text = `apiVersion: v1\nkind: Pod\nx: &x { hostPID: true }\nspec:\n  <<: *x\n  automountServiceAccountToken: false\n`;
    expect(check(text).map(({ rule }) => rule)).toEqual(['kubernetes/host-namespace']);
  });
});
