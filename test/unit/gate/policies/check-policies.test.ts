import { describe, expect, it } from 'vitest';
import { checkFiles } from '../../../../gate/check-files.ts';
import { checkPolicies } from '../../../../gate/policies/check-policies.ts';
import { CI, files, SERVICE } from './directory.ts';

function found(texts: Record<string, string>): string[] {
  return checkPolicies(files(texts)).map(({ rule, file, line }) => `${rule} ${file}:${line}`);
}

/** A permit to read for one service, with these conditions. */
function reading(conditions: string): Record<string, string> {
  return {
    'a.cedar': `@id("a") permit (principal == Workload::"${SERVICE}", action == Action::"read", resource in Resource::"db/t")
when { context.audience == "db" } ${conditions};`,
  };
}

function shared(conditions: string): Record<string, string> {
  return {
    'a.cedar': `@id("a") permit (principal, action == Action::"read", resource in Resource::"db/t")
when { context.audience == "db" } ${conditions};`,
  };
}

describe('a policy directory', () => {
  it('of a newcomer, whose CI role may write everywhere, has each of its faults told at its line', () => {
    const texts = {
      'ci.cedar': `// CI
@id("ci-takes-deployer")
permit (principal == Workload::"${CI}", action == Action::"assume", resource == Role::"deployer");

@id("ci-writes")
permit (principal == Workload::"${CI}", action, resource);
`,
      'roles.yaml':
        'deployer:\n  authorization_details:\n    - { locations: [releases/*, "{subject.team}/*"], actions: [write] }\n',
      'workloads.yaml': `${CI}: { team: platform }\n`,
      'resources.yaml': 'policy-repository: { classification: policy }\n',
    };
    expect(found(texts).sort()).toEqual(
      [
        'policy/any-action policies/ci.cedar:5',
        'policy/any-resource policies/ci.cedar:5',
        'policy/no-audience policies/ci.cedar:5',
        'policy/self-escalation policies/ci.cedar:2',
        'policy/self-escalation policies/ci.cedar:5',
        'policy/wildcard-write policies/ci.cedar:5',
        'policy/wildcard-write policies/roles.yaml:1',
        'policy/write-lifetime policies/ci.cedar:5',
      ].sort(),
    );
  });

  it.each([
    ['a disjunction of which one side is open', 'when { principal.account == "1" || context.lifetime < 60 }'],
    ['what a principal must not be', 'when { principal.account != "111122223333" }'],
    ['the kind, which is one of two', 'when { principal.kind == "role" }'],
    ['a pattern of anything', 'when { principal.name like "*" }'],
    ['a comparison with itself', 'when { principal.name == principal.name }'],
    ['an attribute that is there', 'when { principal has team }'],
  ])('finds anybody in a permit bounded by %s', (_what, conditions) => {
    expect(found(shared(conditions))).toContain('policy/any-principal policies/a.cedar:1');
  });

  it.each([
    'when { principal.account == "1" || principal.account == "2" }',
    'unless { principal.account != "111122223333" }',
    'unless { !(["1", "2"].contains(principal.account)) }',
    'when { if principal.kind == "user" then principal.account == "1" else principal.name == "x" }',
    `when { principal in [Workload::"${SERVICE}"] }`,
  ])('finds nobody too many in a permit bounded by `%s`', (conditions) => {
    expect(found(shared(conditions))).not.toContain('policy/any-principal policies/a.cedar:1');
  });

  it.each([
    ['a lifetime of nothing', 'when { context.lifetime <= 0 }'],
    ['lifetimes that do not meet', 'when { context.lifetime > 600 && context.lifetime < 300 }'],
    ['two audiences', 'when { context.audience == "other" }'],
    ['an hour after and before', 'when { context.local.hour >= 22 && context.local.hour < 6 }'],
    ['another account than that of the principal', 'when { principal.account == "444455556666" }'],
    ['an attribute that workloads.yaml does not give', 'when { principal has team && principal.team == "x" }'],
  ])('finds that %s never match', (_what, conditions) => {
    expect(found(reading(conditions))).toEqual(['policy/never-matches policies/a.cedar:1']);
  });

  it('finds what an unconditional forbid leaves nothing of', () => {
    const forbid = { 'b.cedar': '@id("b") forbid (principal, action == Action::"read", resource in Resource::"db");' };
    expect(checkPolicies(files({ ...reading(''), ...forbid }))).toMatchObject([
      { rule: 'policy/never-matches', message: '"a" never permits anything: "b" forbids all of it' },
    ]);
    const deeper = { 'b.cedar': '@id("b") forbid (principal, action, resource in Resource::"db/t/secret");' };
    expect(found({ ...reading(''), ...deeper })).toEqual([]);
  });

  it('finds a whole tree behind a group of resources, and none behind a group of places further down', () => {
    const write = {
      'a.cedar': `@id("a") @max_lifetime("5m")
permit (principal == Workload::"${SERVICE}", action == Action::"write", resource in Resource::"group")
when { context.audience == "db" };`,
    };
    expect(found({ ...write, 'resources.yaml': 'db: { in: [group] }\n' })).toEqual([
      'policy/wildcard-write policies/a.cedar:1',
    ]);
    expect(found({ ...write, 'resources.yaml': 'db/t: { in: [group] }\n' })).toEqual([]);
  });

  it('keeps judging the policies of other files when one does not parse', () => {
    const texts = { ...shared(''), 'b.cedar': 'permit (' };
    expect(found(texts)).toEqual(['policy/any-principal policies/a.cedar:1', 'policy/syntax policies/b.cedar:1']);
  });

  it('says once what is wrong when one fault hides others', () => {
    const texts = {
      ...reading(''),
      'resources.yaml': 'db: [\n',
      'roles.yaml': 'nobody: { authorization_details: [] }\n',
    };
    expect(found(texts).map((finding) => finding.split(' ')[0])).toEqual(['policy/data-file', 'policy/data-file']);
  });

  it.each([
    [
      'a policy',
      'a.cedar',
      `// tvm-allow policy/any-principal until 2026-12-31: the catalogue is public\n${shared('')['a.cedar']}`,
    ],
    [
      'an entry',
      'roles.yaml',
      '# tvm-allow policy/role-nobody-takes until 2026-12-31: its policy comes next week\nlater:\n  authorization_details: [{ locations: [a/b], actions: [read] }]\n',
    ],
  ])('leaves out what is suppressed at %s', (_what, name, text) => {
    const options = { today: '2026-11-22' };
    expect(checkFiles(files({ [name]: text }), options)).toEqual([]);
    const without = text.slice(text.indexOf('\n') + 1);
    expect(checkFiles(files({ [name]: without }), options)).toHaveLength(1);
  });
});
