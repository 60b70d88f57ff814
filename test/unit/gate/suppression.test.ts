import { checkFiles } from '@tvm/gate/check-files.ts';
import { describe, expect, it } from 'vitest';

const RULE = 'kubernetes/host-namespace';
const POD =
  'apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec: { automountServiceAccountToken: false, hostPID: true }\n';

function rulesOn(today: string, text: string): string[] {
  return checkFiles([{ name: 'a.yaml', text }], { today }).map(({ rule }) => rule);
}

function allowing(rest: string): string {
  return `# tvm-allow ${rest}\n${POD}`;
}

describe('a suppression', () => {
  const good = allowing(`${RULE} until 2026-11-22: the monitor reads processes`);

  it('removes the findings of its rule until the end of its day', () => {
    expect(rulesOn('2026-11-22', good)).toEqual([]);
  });

  it('is reported as expired from the next day', () => {
    expect(rulesOn('2026-11-23', good).sort()).toEqual([RULE, 'suppression/expired']);
  });

  it.each([
    ['without a reason', `${RULE} until 2026-12-31:`],
    ['with a reason of signs', `${RULE} until 2026-12-31: --`],
    ['without a day', `${RULE}: the monitor`],
    ['with a day that is written otherwise', `${RULE} until 31.12.2026: the monitor`],
    ['with a day that no calendar has', `${RULE} until 2026-02-30: the monitor`],
    ['for more than a year', `${RULE} until 2027-11-24: the monitor`],
    ['of no rule', 'kubernetes/nothing until 2026-12-31: the monitor'],
    ['of a rule about suppressions', 'suppression/unused until 2026-12-31: the monitor'],
  ])('%s suppresses nothing', (_what, text) => {
    expect(rulesOn('2026-11-22', allowing(text)).sort()).toEqual([RULE, 'suppression/malformed']);
  });

  it('may be for a year', () => {
    expect(rulesOn('2026-11-22', allowing(`${RULE} until 2027-11-23: the monitor`))).toEqual([]);
  });

  it('without a finding is a warning, even if it has expired', () => {
    for (const day of ['2026-01-31', '2026-12-31']) {
      const text = allowing(`kubernetes/host-path until ${day}: the monitor`);
      expect(rulesOn('2026-11-22', text).sort()).toEqual([RULE, 'suppression/unused']);
    }
  });

  it('applies only to its own document', () => {
    const text = `${POD}---\n# tvm-allow ${RULE} until 2026-12-31: the monitor\n${POD}`;
    const findings = checkFiles([{ name: 'a.yaml', text }], { today: '2026-11-22' });
    expect(findings).toMatchObject([{ rule: RULE, line: 4 }]);
  });

  it('may be on one line with another, for two rules', () => {
    const text = `# tvm-allow ${RULE} until 2026-12-31: a; tvm-allow kubernetes/host-path until 2026-12-31: b\n${POD}`;
    expect(rulesOn('2026-11-22', text)).toEqual(['suppression/unused']);
  });

  it('in YAML may be in a string, too', () => {
    const text = POD.replace(
      '{ name: p }',
      `{ name: p, annotations: { why: "tvm-allow ${RULE} until 2026-12-31: the monitor" } }`,
    );
    expect(rulesOn('2026-11-22', text)).toEqual([]);
  });

  it('may be in minified JSON and applies only to its resource', () => {
    const Why = 'tvm-allow cloudformation/access-key until 2026-12-31: the partner knows no roles';
    const Resources = {
      A: { Type: 'AWS::IAM::AccessKey', Properties: {} },
      B: { Type: 'AWS::IAM::AccessKey', Metadata: { Why }, Properties: {} },
    };
    const findings = checkFiles([{ name: 't.json', text: JSON.stringify({ Resources }) }], { today: '2026-11-22' });
    expect(findings).toMatchObject([{ message: expect.stringMatching(/^A /) }]);
  });

  it('without a reason in minified JSON does not take the following text as its reason', () => {
    const Why = 'tvm-allow cloudformation/access-key until 2026-12-31:';
    const Resources = { A: { Type: 'AWS::IAM::AccessKey', Metadata: { Why, Zed: 'words' }, Properties: {} } };
    expect(rulesOn('2026-11-22', JSON.stringify({ Resources }))).toContain('suppression/malformed');
  });

  it('above a template’s first resource, with other keys between, is outside of any resource', () => {
    const text = `# tvm-allow cloudformation/access-key until 2026-12-31: why\nResources:\n  A: { Type: 'AWS::IAM::AccessKey' }\n`;
    expect(rulesOn('2026-11-22', text).sort()).toEqual(['cloudformation/access-key', 'suppression/malformed']);
  });
});
