import { readdirSync, readFileSync } from 'node:fs';
import { buildPolicyBundle, readPolicies } from '@tvm/core/policy/build-bundle.ts';
import { PolicyError } from '@tvm/core/policy/flaw.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyFiles } from '#test/fakes/policies.ts';

const permit = 'permit (principal, action, resource)';
const flawsOf = (cedar: string, others: Record<string, string> = {}) =>
  readPolicies(policyFiles(cedar, others)).flaws.map(
    ({ rule, file, line, message }) => `${rule} ${file}:${line}: ${message}`,
  );

describe('buildPolicyBundle', () => {
  it('accepts the policies of this repository', () => {
    const files = readdirSync('policies')
      .filter((name) => name.includes('.'))
      .map((name) => ({
        name: `policies/${name}`,
        text: readFileSync(`policies/${name}`, 'utf8'),
      }));
    expect(Object.keys(buildPolicyBundle(files).policies)).toContain('orders-service-reads-orders');
  });

  it.each([
    [
      'a syntax error, with its line',
      '\n\npermit (principal',
      /^policy\/syntax policies\/test\.cedar:3: .*end of input/,
    ],
    ['no @id', `\n${permit};`, /^policy\/id policies\/test\.cedar:2: .*must have an @id/],
    ['an invalid @id', `@id("__proto__") ${permit};`, /must have an @id/],
    ['an empty @id', `@id("") ${permit};`, /must have an @id/],
    [
      'a duplicate @id',
      `@id("a") ${permit};\n@id("a") ${permit};`,
      /test\.cedar:2: the @id "a" is already used .*test\.cedar:1/,
    ],
    ['an unknown attribute', `@id("a") ${permit} when { context.colour == "red" };`, /attribute `colour`.*not found/],
    ['an unknown type', `@id("a") permit (principal is Robot, action, resource);`, /impossible/],
    ['a policy that can never apply', `@id("a") ${permit} when { false };`, /impossible/],
    ['a template', '@id("a") permit (principal == ?principal, action, resource);', /templates are not supported/],
    [
      'an unknown annotation',
      `@id("a") @owner("me") ${permit};`,
      /^policy\/annotation .*@owner is not a known annotation/,
    ],
    ['a bad annotation', `@id("a") @max_lifetime("soon") ${permit};`, /@max_lifetime must be a duration/],
    ['a value for an annotation without value', `@id("a") @single_use("yes") ${permit};`, /@single_use takes no value/],
    [
      'an obligation on a forbid',
      `@id("a") @single_use forbid (principal, action, resource);`,
      /no effect on a forbid/,
    ],
    ['an unknown network', `@id("a") @network("moon") ${permit};`, /network that is not in networks\.yaml: "moon"/],
    [
      'an unknown window',
      `@id("a") ${permit} when { context.windows.contains("x") };`,
      /window that is not in windows\.yaml/,
    ],
    [
      'an unknown role',
      '@id("a") permit (principal, action == Action::"assume", resource == Role::"x");',
      /role that is not in roles\.yaml: "x"/,
    ],
    [
      'a workload that is not an ARN',
      '@id("a") permit (principal == Workload::"orders", action, resource);',
      /must be the ARN of an IAM role/,
    ],
    [
      'a role ARN with a path',
      '@id("a") permit (principal == Workload::"arn:aws:iam::111122223333:role/team/x", action, resource);',
      /without its path/,
    ],
    [
      'an invalid location',
      '@id("a") permit (principal, action, resource in Resource::"db/*");',
      /must be an exact location/,
    ],
    [
      'an attribute of a named workload that is known only for the caller',
      `@id("a") ${permit} when { Workload::"arn:aws:iam::111122223333:role/x" has organization };`,
      /^policy\/unsupported .*"a" reads organization of Workload::"arn:aws:iam::111122223333:role\/x", which is known only for principal/,
    ],
    [
      'an attribute that is known only for the caller, of an expression that may be a named workload',
      `@id("a") ${permit} when { (if context.lifetime > 300 then principal else Workload::"arn:aws:iam::111122223333:role/x") has session };`,
      /^policy\/unsupported .*reads session of Workload/,
    ],
    [
      'a value that is never known',
      `@id("a") ${permit} when { unknown("x") };`,
      /^policy\/unsupported .*reads unknown\(…\), which has no value in a decision/,
    ],
    [
      'a policy that adds too many entities to each request',
      `@id("a") ${permit} when { {${Array.from({ length: 101 }, (_, n) => `"a${n}": Resource::"db${n}/t"`).join(', ')}}.a0 in resource };`,
      /^policy\/too-large .*"a" reads too many of the entities that it names: including their ancestors, there may be at most 200/,
    ],
    [
      'conditions nested so deeply that they would crash Cedar',
      `@id("a") ${permit} when { ${'('.repeat(150)}true${')'.repeat(150)} };`,
      /^policy\/too-large .*too deeply/,
    ],
    [
      'so many conditions that they would crash Cedar',
      `\n@id("a") ${permit} when { ${Array(400).fill('context.lifetime == 1').join(' || ')} };`,
      /^policy\/too-large policies\/test\.cedar:2: .*too deeply/,
    ],
    [
      'hundreds of clauses',
      `@id("a") ${permit} ${'when { context.lifetime == 900 } '.repeat(300)};`,
      /^policy\/too-large .*too deeply/,
    ],
    [
      'thousands of operators',
      `@id("a") ${permit} when { ${Array(3000).fill('context.lifetime == 1').join(' && ')} };`,
      /^policy\/too-large .*too deeply/,
    ],
  ])('rejects %s', (_, text, message) => {
    expect(flawsOf(text)).toEqual([expect.stringMatching(message)]);
    expect(() => buildPolicyBundle(policyFiles(text))).toThrow(PolicyError);
  });

  // Reading the file and finding the line of each mistake must not take quadratic time.
  it('reads a file of 24,000 networks and reports the line of every mistake', () => {
    const networks = Array.from({ length: 24_000 }, (_, i) => `n${i}: { cidrs: [203.0.113.0] }`);
    const flaws = flawsOf(`@id("a") ${permit};`, { 'networks.yaml': networks.join('\n') });
    expect(flaws).toHaveLength(24_000);
    expect(flaws.at(-1)).toMatch(/networks\.yaml:24000: n23999\.cidrs\.0 must be a CIDR block/);
  });

  it.each([
    ['a permit in the ceiling', 'ceiling.cedar', `@id("c") ${permit};`, /^policy\/ceiling-permits/],
    ['broken YAML', 'roles.yaml', 'a: [1\nb: 2', /^policy\/data-file policies\/roles\.yaml:\d: /],
    [
      'an unknown key',
      'roles.yaml',
      'a:\n  grants: []\n  authorization_details: [{ locations: [a], actions: [read] }]',
      /roles\.yaml:2: a\.grants is not a known key; known here are description, audience, authorization_details$/,
    ],
    [
      'a placeholder for the session',
      'roles.yaml',
      'a:\n  authorization_details:\n    - locations: ["x/{subject.session}"]\n      actions: [read]',
      /roles\.yaml:3: .*any attribute but session/,
    ],
    [
      'a workload that is not an ARN',
      'workloads.yaml',
      'orders: { team: x }',
      /workloads\.yaml:1: orders must be the ARN/,
    ],
    [
      'an attribute that the schema lacks',
      'workloads.yaml',
      'arn:aws:iam::111122223333:role/a:\n  colour: red',
      /workloads\.yaml:1: .*colour/,
    ],
    [
      'an attribute of another type',
      'workloads.yaml',
      '\narn:aws:iam::111122223333:role/a:\n  team: 5',
      /workloads\.yaml:2: .*team/,
    ],
    [
      'a cycle of resources',
      'resources.yaml',
      'a: { in: [b] }\nb: { in: [c] }\nc: { in: [a/d] }',
      /^policy\/resource-cycle policies\/resources\.yaml:1: forms a cycle: a is in b is in c is in a\/d is in a$/,
    ],
    ['a misnamed file', 'role.yaml', 'a: 1', /^policy\/data-file policies\/role\.yaml:1: is not a file of/],
    [
      'an invalid CIDR block',
      'networks.yaml',
      'office:\n  cidrs: [203.0.113.0]',
      /networks\.yaml:2: .*must be a CIDR block/,
    ],
    [
      'a VPC endpoint, which no request can use',
      'networks.yaml',
      'office:\n  vpc_endpoints: [vpce-0a1b2c3d]',
      /networks\.yaml:2: office\.vpc_endpoints can never match, because no request reaches the Regional API .*: list the source addresses/,
    ],
    [
      'a misspelt key',
      'networks.yaml',
      'o:\n  cidrs: [10.0.0.0/8]\n  regoin: eu-west-1',
      /:3: .*; did you mean region\?$/,
    ],
    ['a network without addresses', 'networks.yaml', 'o: { region: eu-west-1 }', /o\.cidrs must name a CIDR block/],
    [
      'a duplicate CIDR block',
      'networks.yaml',
      'o: { cidrs: [10.0.0.0/8, 10.0.0.0/8] }',
      /cidrs must name each CIDR block once/,
    ],
    [
      'a CIDR block that is not a string',
      'networks.yaml',
      'o: { cidrs: [5] }',
      /o\.cidrs\.0 must be a CIDR block such as/,
    ],
    [
      'an audience with a wildcard',
      'roles.yaml',
      'a:\n  audience: "orders-*"\n  authorization_details: [{ locations: [a], actions: [read] }]',
      /a\.audience must be the exact name of one audience: a \* is not a wildcard$/,
    ],
    [
      'a role without a list',
      'roles.yaml',
      'a: { audience: b }',
      /a\.authorization_details is missing; it must be a list of grants$/,
    ],
    [
      'a weekday in a window that is open once',
      'windows.yaml',
      'windows:\n  w: { weekdays: [mon], from: "2026-12-05T22:00:00Z", to: "2026-12-06T04:00:00Z" }',
      /windows\.w\.weekdays must be absent if from is a timestamp/,
    ],
    ['YAML that is too deep', 'roles.yaml', '['.repeat(20_000), /roles\.yaml:1: is nested too deeply$/],
    [
      'an invalid time zone',
      'windows.yaml',
      'time_zone: Mars/Base',
      /windows\.yaml:1: time_zone must be an IANA time zone/,
    ],
    [
      'an invalid time of day',
      'windows.yaml',
      'windows:\n  n:\n    from: "25:00"\n    to: "03:00"',
      /windows\.yaml:3: windows\.n\.from must be a time of day/,
    ],
    [
      'an alias bomb',
      'resources.yaml',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
        .split('')
        .map((name, n) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[n]}`).join()}]`)
        .join('\n')}`,
      /resources\.yaml:6: is too large with its aliases resolved$/,
    ],
    [
      'a file that is too large',
      'roles.yaml',
      `# ${'x'.repeat(10_000_000)}`,
      /^policy\/too-large policies\/roles\.yaml:1: has/,
    ],
  ])('rejects %s', (_, name, text, message) => {
    expect(flawsOf(`@id("a") ${permit};`, { [name]: text })).toEqual([expect.stringMatching(message)]);
  });

  it('rejects entities that no request contains, even if the schema declares them', () => {
    const [schema, ...others] = policyFiles('@id("a") permit (principal in Team::"orders", action, resource);');
    const text = `${schema?.text}`.replace('entity Workload =', 'entity Team;\nentity Workload in [Team] =');
    expect(readPolicies([{ name: 'policies/schema.cedarschema', text }, ...others]).flaws).toMatchObject([
      { rule: 'policy/unsupported', message: expect.stringContaining('names Team::"orders"') },
    ]);
  });

  it('rejects action groups, which would never match', () => {
    const [schema, ...others] = policyFiles('@id("a") forbid (principal, action in Action::"any", resource);');
    const text = `${schema?.text}`.replace(
      'action read, write applies',
      'action any;\naction read, write in [any] applies',
    );
    expect(readPolicies([{ name: 'policies/schema.cedarschema', text }, ...others]).flaws).toMatchObject([
      { rule: 'policy/unsupported', message: expect.stringContaining('names Action::"any"') },
    ]);
  });

  it.each([
    ['attributes of roles', 'entity Role;', 'entity Role = { tier?: String };', 'Role.tier must not be declared'],
    [
      'workloads in workloads',
      'entity Workload =',
      'entity Workload in [Workload] =',
      'Workload must not be in Workload: no file defines which Workload a Workload is in',
    ],
    ['roles in resources', 'entity Role;', 'entity Role in [Resource];', 'Role must not be in Resource'],
    [
      'an action in another',
      'action read, write appliesTo',
      'action write in [read] appliesTo { principal: Workload, resource: Resource };\naction read appliesTo',
      'action write must not be in read; name each action',
    ],
    [
      'an attribute of the context',
      '  audience: String,',
      '  audience: String, mfa?: Bool,',
      'context.mfa must not be declared: no request has it',
    ],
    [
      'an attribute in the context',
      'weekday: String,',
      'weekday: String, week?: Long,',
      'context.local.week must not be declared: no request has it',
    ],
  ])('rejects a schema that declares something that no request provides: %s', (_, from, to, message) => {
    const [schema, ...others] = policyFiles('');
    const text = `${schema?.text}`.replace(from, to);
    expect(text).not.toBe(schema?.text);
    expect(readPolicies([{ name: 'policies/schema.cedarschema', text }, ...others]).flaws).toMatchObject([
      { rule: 'policy/schema', message: expect.stringContaining(message) },
    ]);
  });

  it('records the entities that conditions read, and the entities that they look for in the resource', () => {
    const read = 'permit (principal, action == Action::"read", resource)';
    const { policies } = buildPolicyBundle(
      policyFiles(`
        @id("none") ${read} when { [Resource::"db"].contains(resource) || resource in Resource::"db" };
        @id("tested") ${read} when { (if resource == Resource::"x" then resource else Resource::"y") in Resource::"z" };
        @id("sought") ${read} when { Resource::"db/t" is Resource in resource || Resource::"db/u" in [Resource::"x", resource] };
        @id("attribute") ${read} when { {"__entity": Resource::"db"}["__entity"] has team };`),
    );
    expect(policies.none).not.toHaveProperty('readsOf');
    expect(policies.none).not.toHaveProperty('soughtInResource');
    expect(policies.tested).toMatchObject({ readsOf: [{ type: 'Resource', id: 'y' }] });
    expect(policies.tested).not.toHaveProperty('soughtInResource');
    expect(policies.sought).toMatchObject({
      readsOf: [
        { type: 'Resource', id: 'db/t' },
        { type: 'Resource', id: 'db/u' },
      ],
      soughtInResource: ['db/t', 'db/u'],
    });
    expect(policies.attribute).toMatchObject({ readsOf: [{ type: 'Resource', id: 'db' }] });
  });

  it('accepts a policy that adds exactly the maximum number of entities', () => {
    const members = Array.from({ length: 100 }, (_, n) => `"a${n}": Resource::"db${n}/t"`).join(', ');
    const text = `@id("a") permit (principal, action == Action::"read", resource) when { {${members}}.a0 in resource };`;
    expect(buildPolicyBundle(policyFiles(text)).policies.a?.readsOf).toHaveLength(100);
  });

  it('reports all flaws at once', () => {
    const flaws = flawsOf('permit (', { 'more.cedar': `${permit};`, 'networks.yaml': 'office: 5' });
    expect(flaws.map((flaw) => flaw.split(' ')[1]?.split(':')[0])).toEqual([
      'policies/networks.yaml',
      'policies/test.cedar',
      'policies/more.cedar',
    ]);
  });

  it('finds the line of each policy', () => {
    const text = `// ${permit};\n\n@id("b")\n${permit};\n@id("a") ${permit}; @id("c") ${permit};`;
    const { policies } = buildPolicyBundle(policyFiles(text));
    expect(Object.entries(policies).map(([id, { line }]) => [id, line])).toEqual([
      ['b', 3],
      ['a', 5],
      ['c', 5],
    ]);
  });
});

describe('data files', () => {
  const key = fc.oneof(
    fc.constantFrom('description', 'audience', 'authorization_details', 'locations', 'actions', 'cidrs', 'region'),
    fc.constantFrom('vpc_endpoints', 'windows', 'time_zone', 'weekdays', 'from', 'to', 'in', 'team', 'a\nb'),
    fc.string(),
  );
  const leaf = fc.oneof(
    fc.constantFrom('08:00', '2026-12-05T22:00:00Z', 'T', '', '*', '10.0.0.0/8', 'mon', null, true),
    fc.string(),
    fc.double(),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const ZOD =
    /invalid (input|option|string|key|type)|expected |unrecognized|received|too (small|big)|undefined|\[object/i;

  it.each([
    'roles',
    'workloads',
    'resources',
    'networks',
    'windows',
  ])('with mistakes give readable messages: %s.yaml', (name) => {
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 4 }), (content) => {
        const text = JSON.stringify(content);
        for (const { message } of readPolicies(policyFiles('', { [`${name}.yaml`]: text })).flaws) {
          expect(message).not.toContain('\n');
          expect(message.replaceAll(/"(?:[^"\\]|\\.)*"/g, '')).not.toMatch(ZOD);
        }
      }),
      { numRuns: 100 },
    );
  });
});

it('rejects workloads of a partition other than the service’s', () => {
  const china = 'arn:aws-cn:iam::111122223333:role/a';
  const files = policyFiles(`\n@id("a") permit (principal == Workload::"${china}", action, resource);`, {
    'workloads.yaml': `arn:aws:iam::111122223333:role/b: {}\n${china}: {}\n`,
  });
  expect(() => buildPolicyBundle(files, 'aws-cn')).toThrow('role/b must be in the partition aws-cn, as the service is');
  expect(readPolicies(files, 'aws').flaws).toEqual([
    expect.objectContaining({ file: 'policies/workloads.yaml', line: 2, message: expect.stringContaining(china) }),
    expect.objectContaining({ file: 'policies/test.cedar', line: 2, message: expect.stringContaining(china) }),
  ]);
  expect(readPolicies(files).flaws).toEqual([]);
});

describe('a bundle’s hash', () => {
  const policies = ['a', 'b', 'c', 'd'].map((id) => `@id("${id}") ${permit};`);
  const hashOf = (files: Record<string, string>) => buildPolicyBundle(policyFiles('', files)).hash;
  const hash = hashOf({ 'x.cedar': policies.join('\n') });

  it('does not depend on how policies are distributed over files', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(policies, { minLength: 4 }), fc.nat(4), (order, cut) => {
        const files = { 'y.cedar': order.slice(0, cut).join('\n\n'), 'z.cedar': order.slice(cut).join(' // next\n') };
        expect(hashOf(files)).toBe(hash);
      }),
      { numRuns: 30 },
    );
  });

  it('changes when a policy or a network changes', () => {
    expect(hashOf({ 'x.cedar': policies.slice(1).join('\n') })).not.toBe(hash);
    expect(hashOf({ 'x.cedar': policies.join('\n'), 'networks.yaml': 'o: { cidrs: [10.0.0.0/8] }' })).not.toBe(hash);
  });
});
