import { comparePolicies } from '@tvm/gate/policies/change/compare.ts';
import { describe, expect, it } from 'vitest';
import { CI, SERVICE, usable } from './directory.ts';

function permit(options: {
  annotations?: string;
  who?: string;
  action?: string;
  where?: string;
  when?: string;
}): Record<string, string> {
  const {
    annotations = '',
    who = `principal == Workload::"${SERVICE}"`,
    action = 'read',
    where = 'in Resource::"db/t"',
  } = options;
  const { when = 'context.audience == "db" && context.lifetime <= 300' } = options;
  return {
    'a.cedar': `@id("a") ${annotations} permit (${who}, action == Action::"${action}", resource ${where}) when { ${when} };`,
  };
}

function changes(base: Record<string, string>, head: Record<string, string>) {
  const { widened, narrowed, cut } = comparePolicies(usable(base), usable(head));
  const told = ({ workload, action, resource, of, detail }: (typeof widened)[number]) =>
    `${workload} ${action} ${resource}: ${of} ${detail}`.trim();
  return { widened: widened.map(told), narrowed: narrowed.map(told), cut };
}

const NOTHING = { widened: [], narrowed: [], cut: false };

describe('a change of policies', () => {
  it('that changes only the formatting is not reported', () => {
    const base = permit({});
    expect(changes(base, base)).toEqual(NOTHING);
    expect(changes(base, { 'b.cedar': `// moved\n${base['a.cedar']}` })).toEqual(NOTHING);
  });

  it('reports what becomes accessible and, in reverse, what no longer is', () => {
    const base = permit({ where: '== Resource::"db/t"' });
    const wider = ['role/orders-service read db/t/*: reach'].map((text) => `arn:aws:iam::111122223333:${text}`);
    expect(changes(base, permit({}))).toEqual({ ...NOTHING, widened: [expect.stringContaining(wider[0] ?? '')] });
    expect(changes(permit({}), base)).toEqual({ ...NOTHING, narrowed: [expect.stringContaining(wider[0] ?? '')] });
  });

  it('reports workloads that no policy names', () => {
    const { widened } = changes(
      permit({ where: '== Resource::"x"' }),
      permit({
        who: 'principal',
        where: '== Resource::"x"',
        when: 'context.audience == "db" && context.lifetime <= 300 && principal.account == "111122223333"',
      }),
    );
    expect(widened).toEqual([
      expect.stringMatching(/^any other role of account 111122223333 read x: reach/),
      expect.stringMatching(/^any other user of account 111122223333 read x: reach/),
    ]);
  });

  describe('in the data of an entity that only a policy names is reported:', () => {
    const reads = (condition: string) => ({
      'a.cedar': `@id("a") permit (principal == Workload::"${SERVICE}", action == Action::"read", resource == Resource::"x")
when { ${condition} };`,
    });
    const reachable = [expect.stringMatching(/role\/orders-service read x: reach/)];

    it.each([
      ['what it is in', 'Resource::"db/a" in Resource::"vault"', 'resources.yaml', 'db/a: {}', 'db/a: { in: [vault] }'],
      [
        'an attribute of a resource above it',
        'Resource::"db/a" has team && Resource::"db/a".team == "orders"',
        'resources.yaml',
        'db: { team: billing }',
        'db: { team: orders }',
      ],
      [
        'an attribute of a workload',
        `Workload::"${CI}" has team && Workload::"${CI}".team == "orders"`,
        'workloads.yaml',
        `${CI}: { team: billing }`,
        `${CI}: { team: orders }`,
      ],
      [
        'an attribute that the audience is compared with',
        'Resource::"db" has team && context.audience == Resource::"db".team',
        'resources.yaml',
        'lake: { team: orders }',
        'db: { team: orders }',
      ],
    ])('%s', (_what, condition, name, before, after) => {
      const policy = reads(condition);
      expect(changes({ ...policy, [name]: before }, { ...policy, [name]: after })).toEqual({
        ...NOTHING,
        widened: reachable,
      });
      expect(changes({ ...policy, [name]: after }, { ...policy, [name]: before })).toEqual({
        ...NOTHING,
        narrowed: reachable,
      });
    });
  });

  it('reports a location that only contains one that a policy tests for', () => {
    const reads = (condition: string) => ({
      'a.cedar': `@id("a") permit (principal == Workload::"${SERVICE}", action == Action::"read", resource in Resource::"db")
when { context.audience == "db" && ${condition} };`,
    });
    const held = 'resource != Resource::"db" && Resource::"db/a/b" in resource && !(resource in Resource::"db/a/b")';
    expect(changes(reads('resource == Resource::"db"'), reads(`(resource == Resource::"db" || (${held}))`))).toEqual({
      ...NOTHING,
      widened: [expect.stringMatching(/role\/orders-service read db\/a: reach/)],
    });
  });

  it.each([
    ['an audience that is open', { when: 'context.lifetime <= 300' }, /circumstances for example any other audience/],
    ['a longer lifetime', { when: 'context.audience == "db" && context.lifetime <= 3600' }, /lifetime 5m → 1h/],
    ['any lifetime', { when: 'context.audience == "db"' }, /lifetime 5m → 1d/],
  ])('reports %s', (_what, head, expected) => {
    const { widened, narrowed } = changes(
      permit({ where: '== Resource::"x"' }),
      permit({ ...head, where: '== Resource::"x"' }),
    );
    expect({ widened, narrowed }).toEqual({ widened: [expect.stringMatching(expected)], narrowed: [] });
  });

  it.each([
    ['@max_lifetime("1m")', 'lifetime 1m → 5m'],
    ['@network("office")', 'obligations network office'],
    ['@window("day")', 'obligations window day'],
    ['@single_use', 'obligations single use'],
    ['@require_reason', 'obligations a reason'],
  ])('reports that %s was removed', (annotations, expected) => {
    const data = {
      'networks.yaml': 'office: { cidrs: [203.0.113.0/24] }\n',
      'windows.yaml': 'windows:\n  day: { from: "08:00", to: "18:00" }\n',
    };
    const bare = { ...permit({ where: '== Resource::"x"' }), ...data };
    const { widened } = changes({ ...permit({ annotations, where: '== Resource::"x"' }), ...data }, bare);
    expect(widened).toEqual([expect.stringContaining(expected)]);
  });

  it.each([
    ['a forbid', 'b.cedar', '@id("b") forbid (principal, action, resource in Resource::"db/t/secret");', ''],
    ['a team', 'workloads.yaml', '', `${CI}: { team: orders }\n`],
    ['a place in another', 'resources.yaml', '', 'other/place: { in: [db/t], team: orders }\n'],
    ['a network', 'networks.yaml', 'office: { cidrs: [203.0.113.0/24] }\n', 'office: { cidrs: [203.0.0.0/16] }\n'],
    [
      'a window',
      'windows.yaml',
      'windows:\n  day: { from: "08:00", to: "18:00" }\n',
      'windows:\n  day: { from: "08:00", to: "19:00" }\n',
    ],
  ])('in %s is reported although no permit changes', (_what, file, base, head) => {
    const both = {
      'a.cedar': `@id("a") permit (principal, action == Action::"read", resource in Resource::"db/t")
when { principal has team && principal.team == "orders" && context.lifetime <= 300 };`,
      'n.cedar': ['networks.yaml', 'windows.yaml'].includes(file)
        ? `@id("n") permit (principal == Workload::"${SERVICE}", action == Action::"read", resource == Resource::"y")
when { ${file === 'windows.yaml' ? 'context.windows.contains("day")' : 'context.networks.contains("office")'} };`
        : '',
      'workloads.yaml': `${SERVICE}: { team: orders }\n`,
    };
    const { widened, narrowed } = changes(
      { ...both, [file]: base },
      { ...both, [file]: head || (both['workloads.yaml'] && head) },
    );
    expect(widened.length).toBeGreaterThan(0);
    expect(file === 'workloads.yaml' ? [] : narrowed).toEqual([]);
  });

  it('reports that the comparison is incomplete', () => {
    const many = (count: number) =>
      Array.from(
        { length: count },
        (_, n) =>
          `@id("a${n}") permit (principal == Workload::"${SERVICE}", action == Action::"read", resource == Resource::"x")
when { context.audience == "a${n}" && context.fields.names.contains("f${n}") };`,
      ).join('\n');
    expect(changes({ 'a.cedar': many(60) }, { 'a.cedar': many(59) }).cut).toBe(true);
    expect(changes({ 'a.cedar': many(6) }, { 'a.cedar': many(5) }).cut).toBe(false);
  });

  it('is compared for direct changes before indirect effects', () => {
    const arn = (n: number) => `arn:aws:iam::111122223333:role/w${n}`;
    // The input is not YAML, because parsing would take longer than the comparison.
    const withTeam = (team: string, text: string) => {
      const { bundle, content, written } = usable({ 'a.cedar': text });
      const workloads = Object.fromEntries(Array.from({ length: 8000 }, (_, n) => [arn(n), { team }]));
      return { written, content: { ...content, workloads }, bundle: { ...bundle, workloads } };
    };
    const more = `@id("new") permit (principal == Workload::"${arn(7999)}", action == Action::"write", resource == Resource::"z");`;
    const found = (condition: string, most?: number) => {
      const anybody = `@id("all") permit (principal, action == Action::"read", resource in Resource::"db")
when { principal has team && context.lifetime <= 300${condition} };`;
      const base = withTeam('a', anybody);
      const { widened, cut } = comparePolicies(base, withTeam('b', `${anybody}\n${more}`), most);
      return { widened: widened.map(({ workload, resource }) => `${workload} ${resource}`), cut };
    };
    const widened = [`${arn(7999)} z`];
    // Workloads that no policy distinguishes are compared once. Others are compared while the budget lasts.
    expect(found('')).toEqual({ widened, cut: false });
    expect(found(' && principal.name like "w*"', 1000)).toEqual({ widened, cut: true });
  });

  it.each([
    ['10.0.0.0/24', '10.0.0.0/8'],
    ['10.0.0.0/24', '10.0.0.0/23'],
    ['10.0.1.0/24', '10.0.0.0/23'],
    ['"2001:db8:1::/48"', '"2001:db8::/32"'],
    ['"2001:db8::/64"', '"2001:db8::/63"'],
  ])('finds %s in %s', (narrow, wide) => {
    const of = (cidr: string) => ({
      'networks.yaml': `office: { cidrs: [${cidr}] }\n`,
      ...permit({ where: '== Resource::"x"', when: 'context.networks.contains("office")' }),
    });
    const literally = (cidr: string) =>
      permit({
        where: '== Resource::"x"',
        when: `context.sourceIp.isInRange(ip("${cidr.replaceAll('"', '')}"))`,
      });
    const bound = (cidr: string) => ({
      'networks.yaml': `office: { cidrs: [${cidr}] }\n`,
      ...permit({ where: '== Resource::"x"', annotations: '@network("office")' }),
    });
    for (const write of [of, literally]) {
      expect(changes(write(narrow), write(wide)).widened).toEqual([expect.stringMatching(/circumstances .*from /)]);
      expect(changes(write(wide), write(narrow))).toMatchObject({ widened: [], narrowed: [expect.anything()] });
    }
    const wider = expect.stringMatching(/read x: definition network office, for example [\d.:a-f]+$/);
    expect(changes(bound(narrow), bound(wide))).toEqual({ ...NOTHING, widened: [wider] });
    expect(changes(bound(wide), bound(narrow))).toEqual({ ...NOTHING, narrowed: [wider] });
  });

  it('of the window in the obligations is reported, and a new name for it is not', () => {
    const bound = (name: string, to: string) => ({
      'windows.yaml': `windows:\n  ${name}: { from: "08:00", to: "${to}" }\n`,
      ...permit({ where: '== Resource::"x"', annotations: `@window("${name}")` }),
    });
    const wider = expect.stringMatching(/definition window w, for example 2026-/);
    expect(changes(bound('w', '18:01'), bound('w', '18:03'))).toEqual({ ...NOTHING, widened: [wider] });
    expect(changes(bound('w', '18:01'), bound('v', '18:01'))).toEqual(NOTHING);
  });

  it('of the grants of a role is reported if somebody may use them', () => {
    const role = (locations: string, more = '') => ({
      'a.cedar': `@id("a") permit (principal == Workload::"${SERVICE}", action == Action::"assume", resource == Role::"deployer");
@id("b") permit (principal, action == Action::"read", resource in Resource::"a") when { context.audience == "db" };${more}`,
      'roles.yaml': `deployer:\n  authorization_details:\n    - { locations: [${locations}], actions: [read] }\n`,
    });
    const gain = `${SERVICE} assume role deployer: grants read a/*`;
    expect(changes(role('a/b'), role('a/b, a/*'))).toEqual({ ...NOTHING, widened: [gain] });
    expect(changes(role('a/b, a/*'), role('a/b'))).toEqual({ ...NOTHING, narrowed: [gain] });
    // Grants that nobody may use, and grants that the role had before, are not reported.
    expect(changes(role('a/b'), role('a/b, c'))).toEqual(NOTHING);
    expect(changes(role('a/*'), role('a/*, a/b'))).toEqual(NOTHING);
  });

  it.each([
    ['principal.kind == "role" && principal.account == "111122223333"', 'principal.account == "111122223333"'],
    ['principal.account like "17*"', 'principal.account like "1*"'],
    ['principal.account == "111122223333"', 'principal.account like "1*"'],
  ])('finds the workloads that %s excludes and %s does not', (narrow, wide) => {
    const of = (when: string) => permit({ who: 'principal', where: '== Resource::"x"', when });
    expect(changes(of(narrow), of(wide)).widened).not.toEqual([]);
  });

  it.each([
    ['context has vpcEndpoint && context.vpcEndpoint == "vpce-1"', 'context has vpcEndpoint'],
    ['context.time.toTime() < duration("9h30m")', 'context.time.toTime() < duration("9h31m")'],
    ['context.time.toTime() < duration("9h30m")', 'context.time.toTime() < duration("9h30m1s")'],
    [
      'context.time < datetime("2026-03-01").offset(duration("1d"))',
      'context.time < datetime("2026-03-01").offset(duration("2d"))',
    ],
    [
      'context.fields.names.contains("a") && context.fields.names.contains("b") && context.fields.names.contains("c")',
      'context.fields.names.contains("a") && context.fields.names.contains("b")',
    ],
    [
      'context.behaviour.issued + context.behaviour.denied < 3',
      'context.behaviour.issued + context.behaviour.denied < 4',
    ],
    [
      'context.behaviour.issued > 3 && context.behaviour.denied > 3 && context.behaviour.active > 3',
      'context.behaviour.issued > 3 && context.behaviour.denied > 3',
    ],
    ['context.local.hour * 60 + context.local.minute < 570', 'context.local.hour * 60 + context.local.minute < 580'],
    ['context.audience like "db-*"', 'context.audience like "db*"'],
    ['!context.sourceIp.isIpv6()', 'true'],
  ])('finds the requests that %s excludes and %s does not', (narrow, wide) => {
    const of = (when: string) => permit({ where: '== Resource::"x"', when: `context.lifetime <= 300 && ${when}` });
    expect(changes(of(narrow), of(wide))).toEqual({
      ...NOTHING,
      widened: [expect.stringMatching(/read x: (?:circumstances|reach)/)],
    });
    expect(changes(of(wide), of(narrow)).widened).toEqual([]);
  });

  it('of a window’s time zone is found also if it matters only in half of the year', () => {
    const of = (window: string) => ({
      'windows.yaml': `windows:\n  w: { ${window} }\n`,
      ...permit({ where: '== Resource::"x"', when: 'context.windows.contains("w")' }),
    });
    const inWinter = of('from: "08:00", to: "18:00", time_zone: Europe/Berlin');
    const always = of('from: "07:00", to: "17:00", time_zone: UTC');
    expect(changes(inWinter, always).widened).toEqual([expect.stringContaining('at 2026-07-')]);
  });
});
