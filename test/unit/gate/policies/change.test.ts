import { describe, expect, it } from 'vitest';
import { comparePolicies } from '../../../../gate/policies/change/compare.ts';
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
  it('that changes nothing but the writing is none', () => {
    const base = permit({});
    expect(changes(base, base)).toEqual(NOTHING);
    expect(changes(base, { 'b.cedar': `// moved\n${base['a.cedar']}` })).toEqual(NOTHING);
  });

  it('tells by name what becomes reachable, and the other way round what no longer is', () => {
    const base = permit({ where: '== Resource::"db/t"' });
    const wider = ['role/orders-service read db/t/*: reach'].map((text) => `arn:aws:iam::111122223333:${text}`);
    expect(changes(base, permit({}))).toEqual({ ...NOTHING, widened: [expect.stringContaining(wider[0] ?? '')] });
    expect(changes(permit({}), base)).toEqual({ ...NOTHING, narrowed: [expect.stringContaining(wider[0] ?? '')] });
  });

  it('tells of the workloads that nobody names', () => {
    const { widened } = changes(
      permit({ where: '== Resource::"x"' }),
      permit({
        who: 'principal',
        where: '== Resource::"x"',
        when: 'context.audience == "db" && context.lifetime <= 300 && principal.account == "111122223333"',
      }),
    );
    expect(widened).toEqual([expect.stringMatching(/^any other role of account 111122223333 read x: reach/)]);
  });

  it.each([
    ['an audience that is open', { when: 'context.lifetime <= 300' }, /circumstances for example any other audience/],
    ['a longer lifetime', { when: 'context.audience == "db" && context.lifetime <= 3600' }, /lifetime 5m → 1h/],
    ['any lifetime', { when: 'context.audience == "db"' }, /lifetime 5m → 1d/],
  ])('tells of %s', (_what, head, expected) => {
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
  ])('tells that %s is gone', (annotations, expected) => {
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
  ])('in %s is seen though no permit changes', (_what, file, base, head) => {
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

  it('says when there was more to try than was tried', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, number) => `context.audience == "a${number}"`).join(' || ');
    const fields = Array.from({ length: 60 }, (_, number) => `context.fields.names.contains("f${number}")`).join(
      ' || ',
    );
    const { cut } = changes(permit({}), permit({ when: `(${many(60)}) && (${fields})` }));
    expect(cut).toBe(true);
  });
});
