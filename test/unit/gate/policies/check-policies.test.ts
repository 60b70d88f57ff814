import { checkFiles } from '@tvm/gate/check-files.ts';
import { checkPolicies } from '@tvm/gate/policies/check-policies.ts';
import { describe, expect, it } from 'vitest';
import { AWS_SCHEMA } from '#test/fakes/policies.ts';
import { CI, files, SERVICE } from './directory.ts';

function found(texts: Record<string, string>): string[] {
  return checkPolicies(files(texts)).map(({ rule, file, line }) => `${rule} ${file}:${line}`);
}

const ORDERS_TEAM = 'principal has team && principal.team == "orders"';

/** Returns a permit to write for one service, with a resource scope and conditions, and without a maximum lifetime. */
function writing(resource: string, conditions: string, annotations = '@max_lifetime("5m")'): Record<string, string> {
  return {
    'a.cedar': `@id("a") ${annotations} permit (principal == Workload::"${SERVICE}", action == Action::"write", ${resource})
when { context.audience == "db" } ${conditions};`,
    'workloads.yaml': `${SERVICE}: { team: orders }\n`,
  };
}

/** Returns a permit to read for one service, with conditions. */
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
  it('with a CI role that may write everywhere has a finding at the line of each fault', () => {
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
    ['itself', 'when { principal in principal }'],
    ['a set of itself', 'when { principal in [principal] }'],
    ['a set that has it', 'when { [principal].contains(principal) }'],
    ['a set that has its attribute', 'when { [principal.account].contains(principal.account) }'],
    ['a set that has its attribute among others', 'when { ["1", principal.account].contains(principal.account) }'],
    [
      'an attribute or another by a test',
      'when { principal.account == (if context.lifetime > 0 then principal.account else "x") }',
    ],
    ['an attribute of its own', 'when { principal has team && principal.team == principal.name }'],
    ['the audience, which the caller chooses', 'when { principal.name == context.audience }'],
    ['the audience, as its account', 'when { principal.account == context.audience }'],
    ['the fields, which the caller chooses', 'when { context.fields.names.contains(principal.account) }'],
    ['a name, which each account can have', 'when { principal.name == "orders-service" }'],
    ['a pattern of a name', 'when { principal.name like "orders-*" }'],
    ['a name or an account', 'when { principal.account == "1" || principal.name == "x" }'],
    ['any account', 'when { principal.account like "*" }'],
    ['accounts by what they begin with', 'when { principal.account like "0*" || principal.account like "1*" }'],
    ['any organization', 'when { principal has organization && principal.organization like "o-*" }'],
  ])('finds that a permit restricted by %s applies to everybody', (_what, conditions) => {
    expect(found(shared(conditions))).toContain('policy/any-principal policies/a.cedar:1');
  });

  it.each([
    'when { principal.account == "1" || principal.account == "2" }',
    'unless { principal.account != "111122223333" }',
    'unless { !(["1", "2"].contains(principal.account)) }',
    'when { if principal.kind == "user" then principal.account == "1" else principal.account == "2" }',
    'when { principal.name == "x" && principal.account == "1" }',
    'when { principal.account like "111122223333" }',
    'when { principal has organization && ["o-a1b2c3d4e5"].contains(principal.organization) }',
    'when { principal has team && principal.team like "orders-*" && principal.name like "ci-*" }',
    'when { principal has team && resource has team && [resource.team, "platform"].contains(principal.team) }',
    `when { principal in [Workload::"${SERVICE}"] }`,
  ])('finds nothing in a permit restricted by `%s`', (conditions) => {
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

  it('finds a permit that an unconditional forbid overrides', () => {
    const forbid = { 'b.cedar': '@id("b") forbid (principal, action == Action::"read", resource in Resource::"db");' };
    expect(checkPolicies(files({ ...reading(''), ...forbid }))).toMatchObject([
      { rule: 'policy/never-matches', message: '"a" never permits anything, because "b" forbids all of it' },
    ]);
    const deeper = { 'b.cedar': '@id("b") forbid (principal, action, resource in Resource::"db/t/secret");' };
    expect(found({ ...reading(''), ...deeper })).toEqual([]);
  });

  describe('evaluates the entities that policies name like Cedar:', () => {
    const void_ = ['policy/never-matches policies/a.cedar:1'];
    const team = { 'workloads.yaml': `${CI}: { team: orders }\n`, 'resources.yaml': 'db: { team: orders }\n' };

    it.each([
      ['a resource that is not in another', 'Resource::"db" in Resource::"db/t"'],
      [
        'the one of two that is in it for another action',
        '(if action == Action::"read" then Resource::"x" else Resource::"db/t") in Resource::"db"',
      ],
      ['an attribute of a resource', 'Resource::"db" has team && Resource::"db".team == "billing"'],
      ['an attribute of a workload', `Workload::"${CI}" has team && Workload::"${CI}".team == "billing"`],
      ['what its ARN says of a workload', `Workload::"${CI}".account == "444455556666"`],
      ['a resource that is in nothing of the scope', 'Resource::"x/y" in resource'],
    ])('finds that %s never matches', (_what, condition) => {
      expect(found({ ...team, ...reading(`when { ${condition} }`) })).toEqual(void_);
    });

    it('reports the condition that is never true as it is written', () => {
      const [finding] = checkPolicies(files(reading('when { Resource::"db" in Resource::"db/t" }')));
      expect(finding?.message).toBe('"a" never matches: Resource::"db" in Resource::"db/t" is never true');
    });

    it.each([
      ['a resource that is in another', 'Resource::"db/t" in Resource::"db"'],
      ['an attribute of a resource', 'Resource::"db/x" has team && Resource::"db/x".team == "orders"'],
      [
        'a resource in the scope that another is in',
        'Resource::"db/t/a/b" in resource && resource in Resource::"db/t/a"',
      ],
      ['what is named in the scope', 'resource == Resource::"db/t/a"'],
      ['what is in a set', '[Resource::"db/t/a", Resource::"x"].contains(resource)'],
      ['what is in something in the scope', 'resource in Resource::"db/t/a"'],
      ['the caller', `Workload::"${SERVICE}" in principal`],
    ])('finds nothing in a permit for %s', (_what, condition) => {
      expect(found({ ...team, ...reading(`when { ${condition} }`) })).toEqual([]);
    });

    it('finds a permit that a forbid overrides completely, but not one that it overrides in part', () => {
      const withForbid = (condition: string) =>
        found({ ...reading(''), 'b.cedar': `@id("b") forbid (principal, action, resource) ${condition};` });
      expect(withForbid('when { Resource::"db/t" in Resource::"db" }')).toEqual(void_);
      expect(withForbid('when { Resource::"db" in Resource::"db/t" }')).toContain(
        'policy/never-matches policies/b.cedar:1',
      );
      // The forbid applies only to db/t and not to the locations in it.
      expect(withForbid('when { Resource::"db/t/a" in resource }')).toEqual([]);
      expect(withForbid('unless { resource == Resource::"db/t/a" }')).toEqual([]);
      expect(withForbid('unless { Resource::"db/t/a/b" in resource && resource in Resource::"db/t/a" }')).toEqual([]);
    });

    it('finds a permit for something that the ceiling forbids', () => {
      const ceiling = '@id("c") forbid (principal, action, resource) when { Resource::"db/t" in Resource::"db" };';
      expect(found({ ...reading(''), 'ceiling.cedar': ceiling })).toEqual(['policy/beyond-ceiling policies/a.cedar:1']);
    });

    it.each([
      ['the resource, or what is in it', 'Resource::"db/t" in resource || resource in Resource::"db"'],
      ['a resource that is in another', 'Resource::"db/t" in Resource::"db"'],
      ['one of two', '(if context.lifetime > 9 then Resource::"db/t" else resource) in Resource::"db"'],
      ['a set with itself', 'resource in [Resource::"x/y", resource]'],
      ['a set of which one is named', '[Resource::"db/t", resource].containsAny([Resource::"db/t"])'],
      ['an attribute of another', 'Resource::"db" has team && Resource::"db".team == "orders"'],
    ])('finds write access to everything in a permit restricted by %s', (_what, condition) => {
      const texts = { ...writing('resource', `when { ${condition} }`), 'resources.yaml': 'db: { team: orders }\n' };
      expect(found(texts)).toContain('policy/wildcard-write policies/a.cedar:1');
    });

    it('accepts an attribute of a named entity as a restriction', () => {
      const texts = {
        'a.cedar': `@id("a") permit (principal, action == Action::"read", resource in Resource::"db/t")
when { Resource::"db" has team && principal has team && principal.team == Resource::"db".team && context.audience == "db" };`,
        ...team,
      };
      expect(found(texts)).toEqual([]);
    });
  });

  describe('treats a resource in conditions like one in the scope:', () => {
    const scopes: [string, string, string][] = [
      ['a scope', 'resource in Resource::"PLACE"', ''],
      ['a condition', 'resource', 'when { resource in Resource::"PLACE" }'],
      ['a condition, with a type', 'resource', 'when { resource is Resource in Resource::"PLACE" }'],
      ['a condition within a scope', 'resource in Resource::"TOP"', 'when { resource in Resource::"PLACE" }'],
      ['a condition about one place', 'resource in Resource::"TOP"', 'when { resource == Resource::"PLACE" }'],
      ['a set', 'resource in Resource::"TOP"', 'when { resource in [Resource::"PLACE", Resource::"x"] }'],
      ['one of two conditions', 'resource', 'when { resource in Resource::"PLACE" || resource in Resource::"x" }'],
      ['what a place is in', 'resource in Resource::"TOP"', 'when { Resource::"PLACE/a" in resource }'],
      ['all but one place', 'resource in Resource::"TOP"', 'unless { resource == Resource::"TOP" }'],
    ];
    const permit = (action: string, scope: string, condition: string, top: string, place: string) =>
      `@id("a") @max_lifetime("5m") permit (principal == Workload::"${SERVICE}", action == Action::"${action}", ${scope})
when { context.audience == "db" } ${condition};`
        .replaceAll('TOP', top)
        .replaceAll('PLACE', place);

    it.each(scopes)('another environment, in %s', (_what, scope, condition) => {
      const texts = {
        'a.cedar': permit('read', scope, condition, 'orders-db', 'orders-db/orders'),
        'workloads.yaml': `${SERVICE}: { environment: test }\n`,
        'resources.yaml': 'orders-db: { environment: production }\n',
      };
      expect(found(texts)).toEqual(['policy/cross-environment policies/a.cedar:1']);
    });

    it.each(scopes)('writing policies, in %s', (_what, scope, condition) => {
      const texts = {
        'a.cedar': permit('write', scope, condition, 'repository', 'repository/policies'),
        'resources.yaml': 'repository: { classification: policy }\n',
      };
      expect(found(texts)).toContain('policy/self-escalation policies/a.cedar:1');
    });
  });

  it('distinguishes a workload that conditions name from others', () => {
    const texts = {
      'a.cedar': `@id("a") permit (principal, action == Action::"read", resource in Resource::"db/t")
when { context.audience == "db" && (principal == Workload::"${CI}" || principal.account == "444455556666") };`,
      'workloads.yaml': `${SERVICE}: { environment: test }\n${CI}: { environment: test }\n`,
      'resources.yaml': 'db: { environment: production }\n',
    };
    expect(found(texts)).toEqual(['policy/may-cross-environments policies/a.cedar:1']);
  });

  it('finds a whole tree in a group of resources, and none in a group of locations further down', () => {
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

  it.each([
    ['a set of itself', 'resource in [resource]'],
    ['a set that has it', '[resource].contains(resource)'],
    ['an attribute of its own', 'resource has team && [resource.team].contains(resource.team)'],
    ['the audience', 'resource has team && resource.team == context.audience'],
    [
      'the session, which the caller chooses',
      'principal has session && resource has team && resource.team == principal.session',
    ],
  ])('finds that a permit applies to everything if its resource is restricted by %s', (_what, condition) => {
    const texts = writing('resource', `when { ${condition} }`);
    expect(found(texts)).toEqual(
      expect.arrayContaining(['policy/any-resource policies/a.cedar:1', 'policy/wildcard-write policies/a.cedar:1']),
    );
  });

  it('finds every action in a permit whose action is compared with itself', () => {
    const texts = shared(`when { ${ORDERS_TEAM} && [action].contains(action) }`);
    const any = { 'a.cedar': texts['a.cedar']?.replace('action == Action::"read"', 'action') ?? '' };
    expect(found(any)).toContain('policy/any-action policies/a.cedar:1');
    const named = { 'a.cedar': any['a.cedar'].replace('[action].', '[Action::"read"].') };
    expect(found(named)).not.toContain('policy/any-action policies/a.cedar:1');
  });

  it('finds every audience in a permit whose audience is compared with itself', () => {
    const any = reading('')['a.cedar']?.replace(
      'context.audience == "db"',
      '[context.audience].contains(context.audience)',
    );
    expect(found({ 'a.cedar': any ?? '' })).toEqual(['policy/no-audience policies/a.cedar:1']);
  });

  describe('treats a top-level name as a system, although resources.yaml adds a location to it,', () => {
    const write = writing('resource in Resource::"orders-db"', '');
    const grouped = 'misc/x: { in: [orders-db] }\n';
    const wildcard = ['policy/wildcard-write policies/a.cedar:1'];

    it.each<[string, Record<string, string>]>([
      ['which has an entry below it', { 'resources.yaml': `${grouped}orders-db/orders: {}\n` }],
      ['which groups places with one below it', { 'resources.yaml': `${grouped}misc/y: { in: [orders-db/orders] }\n` }],
      ['which has attributes', { 'resources.yaml': `${grouped}orders-db: { environment: production }\n` }],
      [
        'below which a policy names a place',
        {
          'resources.yaml': grouped,
          'b.cedar': '@id("b") forbid (principal, action, resource == Resource::"orders-db/x");',
        },
      ],
    ])('%s', (_what, texts) => {
      expect(found({ ...write, ...texts })).toEqual(wildcard);
    });

    it('that is an audience of tokens', () => {
      const policy = write['a.cedar'] ?? '';
      const texts = { ...write, 'resources.yaml': grouped };
      expect(found({ ...texts, 'a.cedar': policy.replace('== "db"', '== "orders-db"') })).toEqual(wildcard);
      const among = policy.replace('context.audience == "db"', '["db", "orders-db"].contains(context.audience)');
      expect(found({ ...texts, 'a.cedar': among })).toEqual(wildcard);
    });

    it('that a role grants completely', () => {
      const texts = {
        'a.cedar': `@id("a") permit (principal == Workload::"${SERVICE}", action == Action::"assume", resource == Role::"r");`,
        'roles.yaml': 'r:\n  authorization_details: [{ locations: [orders-db/*], actions: [write] }]\n',
        'resources.yaml': grouped,
      };
      expect(found(texts)).toContain('policy/wildcard-write policies/roles.yaml:1');
    });
  });

  describe('finds a whole tree if its top has an attribute that matches:', () => {
    const orders = { 'resources.yaml': 'orders-db: { team: orders, environment: production }\nother: { team: x }\n' };

    it.each([
      ['a value', 'resource has team && resource.team == "orders"'],
      ['one of some values', 'resource has team && ["orders", "y"].contains(resource.team)'],
      ['another attribute', 'resource has environment && resource.environment == "production"'],
      ['the same as the principal’s', 'principal has team && resource has team && principal.team == resource.team'],
      ['a value, or a place', '(resource has team && resource.team == "orders") || resource in Resource::"a/b"'],
    ])('%s', (_what, condition) => {
      const texts = { ...writing('resource', `when { ${condition} }`), ...orders };
      expect(checkPolicies(files(texts))).toMatchObject([
        { rule: 'policy/wildcard-write', message: '"a" permits write on all of orders-db, which its conditions allow' },
      ]);
    });

    it('also in a group, and of the scope', () => {
      const condition = 'when { resource has team && resource.team == "orders" }';
      const group = { 'resources.yaml': 'orders-db: { team: orders, in: [group] }\n' };
      for (const name of ['group', 'orders-db']) {
        const texts = { ...writing(`resource in Resource::"${name}"`, condition), ...group };
        expect(found(texts)).toEqual(['policy/wildcard-write policies/a.cedar:1']);
      }
    });

    it('for any workload that may have the attribute', () => {
      const texts = {
        'a.cedar': `@id("a") @max_lifetime("5m") permit (principal, action == Action::"write", resource)
when { principal has team && resource has team && principal.team == resource.team && context.audience == "db" };`,
        'resources.yaml': 'orders-db: { team: orders }\n',
        'workloads.yaml': `${SERVICE}: { team: orders }\n`,
      };
      expect(found(texts)).toEqual(['policy/wildcard-write policies/a.cedar:1']);
    });

    it.each([
      ['none that only places below the top have', 'resource', 'orders-db/orders: { team: orders }\n', ''],
      ['none of another value', 'resource', 'orders-db: { team: x }\ndb/t: { team: orders }\n', ''],
      [
        'none that is outside of the scope',
        'resource in Resource::"db/t"',
        'orders-db: { team: orders }\ndb/t: { team: orders }\n',
        '',
      ],
      [
        'none that is forbidden',
        'resource',
        'orders-db: { team: orders, classification: policy }\ndb/t: { team: orders }\n',
        '@id("b") forbid (principal, action == Action::"write", resource) when { resource has classification && resource.classification == "policy" };',
      ],
    ])('%s', (_what, resource, resources, forbid) => {
      const permit = writing(resource, 'when { resource has team && resource.team == "orders" }');
      expect(found({ ...permit, 'resources.yaml': resources, 'b.cedar': forbid })).toEqual([]);
    });
  });

  describe('of permits to write', () => {
    const lifetime = ['policy/write-lifetime policies/a.cedar:1'];
    const place = 'resource == Resource::"db/t"';

    it.each([
      'context.lifetime <= 3601',
      'context.lifetime < 3602',
      'context.lifetime == 7200',
      '3601 >= context.lifetime',
      'context.lifetime <= context.lifetime',
      'context.lifetime <= context.lifetime + 1',
      'context.lifetime <= context.behaviour.issued',
      'context.lifetime <= (if context.fields.all then 300 else 86400)',
      'context.lifetime >= 300',
      'context.lifetime <= 300 || context.lifetime <= 86400',
    ])('does not accept `%s` as a limit of an hour', (condition) => {
      expect(found(writing(place, `when { ${condition} }`, ''))).toEqual(lifetime);
    });

    it.each([
      'context.lifetime <= 3600',
      'context.lifetime < 3601',
      'context.lifetime == 3600',
      '3600 >= context.lifetime',
      'context.lifetime <= 300 || context.lifetime == 600',
    ])('accepts `%s` as a limit', (condition) => {
      expect(found(writing(place, `when { ${condition} }`, ''))).toEqual([]);
    });

    it('accepts an annotation of at most an hour as a limit', () => {
      expect(found(writing(place, '', '@max_lifetime("1h")'))).toEqual([]);
      expect(found(writing(place, '', '@max_lifetime("61m")'))).toEqual(lifetime);
      expect(found(writing(place, 'when { context.lifetime <= 300 }', '@max_lifetime("2h")'))).toEqual([]);
    });
  });

  it('checks the policies of other files if one has a syntax error', () => {
    const texts = { ...shared(''), 'b.cedar': 'permit (' };
    expect(found(texts)).toEqual(['policy/any-principal policies/a.cedar:1', 'policy/syntax policies/b.cedar:1']);
  });

  it('reports only the cause if one error hides others', () => {
    const texts = {
      ...reading(''),
      'resources.yaml': 'db: [\n',
      'roles.yaml': 'nobody: {}\n',
    };
    expect(found(texts).map((finding) => finding.split(' ')[0])).toEqual(['policy/data-file', 'policy/data-file']);
  });

  it.each<[string, string, Record<string, string>]>([
    ['conditions that are too deep', 'policy/too-large', reading(`when { ${'('.repeat(60)}true${')'.repeat(60)} }`)],
    [
      'an attribute of a type that no file can say',
      'policy/schema',
      { 'schema.cedarschema': AWS_SCHEMA.replace('team?: String', 'team?: datetime') },
    ],
    ['an entity of another type', 'policy/unsupported', reading('when { resource in Team::"orders" }')],
    ['a key that JavaScript would lose', 'policy/data-file', { 'resources.yaml': '__proto__: { team: x }\n' }],
  ])('reports what makes it unusable: %s', (_what, rule, texts) => {
    expect(checkPolicies(files(texts)).map((finding) => finding.rule)).toContain(rule);
  });

  describe('reads a suppression in Cedar', () => {
    const allow = 'tvm-allow policy/any-principal until 2026-12-31: the catalogue is public';
    const policy = shared('')['a.cedar'] ?? '';
    const rules = (text: string) =>
      checkFiles(files({ 'a.cedar': text }), { today: '2026-11-22' }).map(({ rule }) => rule);

    it.each([
      ['a condition', policy.replace('context.audience == "db"', `["db", "${allow}"].contains(context.audience)`)],
      ['a condition, after slashes', policy.replace('"db" }', `"db" && context.audience != "// ${allow}" }`)],
      ['a condition, after a quote', policy.replace('"db" }', `"db" && context.audience != "\\"// ${allow}" }`)],
      ['an annotation', policy.replace('permit', `@description("${allow}") permit`)],
    ])('from no string in %s', (_what, text) => {
      expect(rules(text)).toEqual(['policy/any-principal']);
    });

    it.each([
      ['above it', `// ${allow}\n${policy}`],
      ['at the end of a line', policy.replace('permit (principal,', `permit ( // ${allow}\nprincipal,`)],
      [
        'after a string with a quote and slashes',
        policy.replace('"db" }', `"db" && context.audience != "\\"//" // ${allow}\n}`),
      ],
    ])('from a comment %s', (_what, text) => {
      expect(rules(text)).toEqual([]);
    });
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
  ])('omits findings that are suppressed at %s', (_what, name, text) => {
    const options = { today: '2026-11-22' };
    expect(checkFiles(files({ [name]: text }), options)).toEqual([]);
    const without = text.slice(text.indexOf('\n') + 1);
    expect(checkFiles(files({ [name]: without }), options)).toHaveLength(1);
  });
});
