import { checkPolicies } from '@tvm/gate/policies/check-policies.ts';
import { DAY_OF_EXAMPLES } from '@tvm/gate/suppression.ts';
import { describe, expect, it } from 'vitest';
import { files, SERVICE } from './directory.ts';

const CEILING = `@id("nobody-writes-policies")
forbid (principal, action == Action::"write", resource)
when { resource has classification && resource.classification == "policy" };
`;

function found(texts: Record<string, string>): string[] {
  const permit = `@id("a") permit (principal == Workload::"${SERVICE}", action == Action::"read", resource in Resource::"db/t")
when { context.audience == "db" && context.networks.contains("n") && context.windows.contains("w") };`;
  const all = { 'a.cedar': permit, 'networks.yaml': 'n: { cidrs: [203.0.113.0/24] }\n', ...texts };
  const windows = { 'windows.yaml': 'windows: { w: { from: "08:00", to: "18:00" } }\n', ...all };
  return checkPolicies(files(windows), DAY_OF_EXAMPLES).map(({ rule, file, line }) => `${rule} ${file}:${line}`);
}

describe('a ceiling', () => {
  it.each([
    ['resources.yaml with the classification', 'policies: { classification: policy }\n', true],
    ['the classification below the top', 'git/policies: { classification: policy }\n', true],
    ['resources.yaml without the classification', 'policies: { team: platform }\n', false],
    ['another classification', 'policies: { classification: public }\n', false],
    ['a misspelt classification', 'policies: { classification: Policy }\n', false],
    ['an empty resources.yaml', '{}\n', false],
  ])('with %s has an effect: %s', (_what, resources, effect) => {
    const rules = found({ 'ceiling.cedar': CEILING, 'resources.yaml': resources });
    expect(rules).toEqual(effect ? [] : ['policy/never-matches policies/ceiling.cedar:1']);
  });

  it.each([
    'action',
    'action in [Action::"read", Action::"write", Action::"assume"]',
  ])('for { %s } has no effect without the classification', (actions) => {
    const ceiling = CEILING.replace('action == Action::"write"', actions);
    const rules = (resources: string) => found({ 'ceiling.cedar': ceiling, 'resources.yaml': resources });
    expect(rules('policies: { classification: policy }\n')).toEqual([]);
    expect(rules('policies: { team: platform }\n')).toEqual(['policy/never-matches policies/ceiling.cedar:1']);
  });

  it('without resources.yaml has no effect', () => {
    expect(found({ 'ceiling.cedar': CEILING })).toEqual(['policy/never-matches policies/ceiling.cedar:1']);
  });

  it.each([
    ['resource.classification == "policy" || resource.classification == "trust"', true],
    ['["policy", "trust"].contains(resource.classification)', true],
    ['resource.classification like "trus*"', true],
    ['resource.classification != "public"', true],
    ['resource.classification == "policy"', false],
    ['!(resource.classification == "trust")', false],
  ])('when { %s } has an effect if the only classification is trust: %s', (condition, effect) => {
    const ceiling = `@id("c") forbid (principal, action == Action::"write", resource) when { resource has classification && (${condition}) };`;
    const rules = found({ 'ceiling.cedar': ceiling, 'resources.yaml': 'data: { classification: trust }\n' });
    expect(rules).toEqual(effect ? [] : ['policy/never-matches policies/ceiling.cedar:1']);
  });

  it.each([
    [`${SERVICE}: { workloadKind: person }`, true],
    [`${SERVICE}: { workloadKind: service }`, false],
    ['{}', false],
  ])('about people with the workloads %s has an effect: %s', (workloads, effect) => {
    const ceiling = `@id("c") forbid (principal, action == Action::"write", resource) when { principal has workloadKind && principal.workloadKind == "person" };`;
    const rules = found({ 'ceiling.cedar': ceiling, 'workloads.yaml': `${workloads}\n` });
    expect(rules).toEqual(effect ? [] : ['policy/never-matches policies/ceiling.cedar:1']);
  });

  it('about what every caller has is not judged by workloads.yaml', () => {
    const ceiling = `@id("c") forbid (principal, action == Action::"write", resource) when { principal.account != "111122223333" || !(principal has team) };`;
    expect(found({ 'ceiling.cedar': ceiling })).toEqual([]);
  });

  it.each(['', '\n', '// Nobody writes policies.\n'])('with the text %j forbids nothing', (text) => {
    expect(found({ 'ceiling.cedar': text })).toEqual(['policy/empty-ceiling policies/ceiling.cedar:1']);
  });
});

describe('a network', () => {
  it.each([
    ['0.0.0.0/0', true],
    ['"::/0"', true],
    ['"::ffff:0:0/96"', true],
    ['"::ffff:0:0/97", "::ffff:128.0.0.0/97"', true],
    ['"::ffff:203.0.113.0/120"', false],
    ['0.0.0.0/1, 128.0.0.0/1', true],
    ['64.0.0.0/3, 96.0.0.0/3', true],
    [Array.from({ length: 128 }, (_, byte) => `${2 * byte}.0.0.0/8`).join(', '), true],
    ['"2000::/4", "3000::/4"', true],
    ['10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16', false],
    ['203.0.113.0/24, "2001:db8::/32"', false],
    ['10.0.0.0/8, 10.1.0.0/16, 10.0.0.0/9', false],
    ['"fc00::/7"', false],
  ])('of %s contains everyone: %s', (cidrs, open) => {
    const rules = found({ 'networks.yaml': `n: { cidrs: [${cidrs}] }\n` });
    expect(rules).toEqual(open ? ['policy/open-network policies/networks.yaml:1'] : []);
  });
});

describe('a window', () => {
  it.each([
    ['from: "00:00", to: "24:00"', 'policy/open-window'],
    ['from: "00:00", to: "23:59"', 'policy/open-window'],
    ['from: "08:00", to: "07:59"', 'policy/open-window'],
    ['weekdays: [mon, tue, wed, thu, fri, sat, sun], from: "00:00", to: "24:00"', 'policy/open-window'],
    ['from: "2020-01-01T00:00:00Z", to: "2099-01-01T00:00:00Z"', 'policy/open-window'],
    ['from: "2025-12-24T00:00:00Z", to: "2026-01-02T00:00:00Z"', 'policy/past-window'],
    ['from: "2026-11-21T00:00:00Z", to: "2026-11-22T00:00:00Z"', 'policy/past-window'],
    ['from: "2026-11-21T00:00:00Z", to: "2026-11-22T01:00:00Z"', undefined],
    ['from: "2026-12-24T00:00:00Z", to: "2027-01-02T00:00:00Z"', undefined],
    ['weekdays: [mon, tue, wed, thu, fri, sat], from: "00:00", to: "24:00"', undefined],
    ['from: "06:00", to: "22:00"', undefined],
    ['from: "22:00", to: "06:00"', undefined],
  ])('with { %s }: %s', (window, rule) => {
    const rules = found({ 'windows.yaml': `windows:\n  w: { ${window} }\n` });
    expect(rules).toEqual(rule === undefined ? [] : [`${rule} policies/windows.yaml:2`]);
  });
});
