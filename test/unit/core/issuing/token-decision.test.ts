import type { RequestParameters } from '@tvm/contract/token.ts';
import type { AuthorizerRequest, ExternalAuthorizer } from '@tvm/core/external-authorizers/external-authorizer.ts';
import { parseCaller } from '@tvm/core/identity/caller.ts';
import { decideToken, type TokenDecisionPorts } from '@tvm/core/issuing/token-decision.ts';
import { describe, expect, it } from 'vitest';
import { asking, from, inMemoryService, POLICIES, rules, SUBJECT } from '#test/fakes/in-memory-service.ts';
import { policyBundle } from '#test/fakes/policies.ts';

const caller = parseCaller(from.userArn);
if (caller === undefined) throw new Error('no caller');
const circumstances = { time: Date.UTC(2026, 0, 1, 12), sourceIp: '203.0.113.7' };

async function ports(policies: string, change: Partial<TokenDecisionPorts> = {}, others = {}) {
  return {
    ...(await inMemoryService('ES256', policyBundle(policies, others))),
    ...change,
  };
}

async function decide(request: Partial<RequestParameters>, policies = POLICIES, change = {}, others = {}) {
  return decideToken(asking(request), caller as never, circumstances, rules, await ports(policies, change, others));
}

const writesShipments = { type: 'resource' as const, locations: ['orders-db/shipments'], actions: ['write' as const] };
const permit = (annotations: string, resource = 'db', when = '') =>
  `${annotations} permit (principal, action in [Action::"read", Action::"write"], resource in Resource::"${resource}") ${when};\n`;

describe('the lifetime', () => {
  it('is the requested one or the default, which is shorter for a token that permits writing', async () => {
    expect(await decide({ expires_in: 1200 })).toMatchObject({ kind: 'allowed', lifetime: 1200 });
    expect(await decide({})).toMatchObject({ lifetime: 900 });
    expect(await decide({ authorization_details: [writesShipments] })).toMatchObject({ lifetime: 300 });
  });

  it('is limited to the shortest that a policy allows, while policies see the requested one', async () => {
    const policies =
      permit('@id("a") @max_lifetime("10m")') +
      permit('@id("b") @max_lifetime("2m")') +
      permit('@id("c")') +
      '@id("long") forbid (principal, action, resource) when { context.lifetime > 1800 };';
    const read = { authorization_details: [{ ...writesShipments, locations: ['db/x'], actions: ['read' as const] }] };
    expect(await decide({ ...read, expires_in: 1800 }, policies)).toMatchObject({ kind: 'allowed', lifetime: 120 });
    expect(await decide({ ...read, expires_in: 60 }, policies)).toMatchObject({ kind: 'allowed', lifetime: 60 });
    expect(await decide({ ...read, expires_in: 1801 }, policies)).toMatchObject({ kind: 'denied', denial: 'policy' });
  });
});

describe('obligations', () => {
  const details = [{ type: 'resource' as const, locations: ['db/x'], actions: ['read' as const] }];

  it('of all permitting policies are in the token', async () => {
    const policies =
      permit('@id("a") @network("office") @single_use') + permit('@id("b") @network("vpn") @window("nightly")');
    const others = {
      'networks.yaml': 'office: { cidrs: [10.0.0.0/8] }\nvpn: { cidrs: [10.1.0.0/16] }',
      'windows.yaml': 'windows: { nightly: { from: "22:00", to: "06:00" } }',
    };
    expect(await decide({ authorization_details: details }, policies, {}, others)).toMatchObject({
      obligations: { networks: ['office', 'vpn'], windows: ['nightly'], single_use: true },
    });
  });

  it('of policies that permit nothing in the token are not in it', async () => {
    const policies = permit('@id("a")') + permit('@id("b") @single_use', 'other');
    expect(await decide({ authorization_details: details }, policies)).toMatchObject({ obligations: undefined });
  });

  it('that require a reason are enforced before a token is issued', async () => {
    const policies = permit('@id("a") @require_reason');
    const refused = { kind: 'denied', denial: 'reason_missing' };
    expect(await decide({ authorization_details: details }, policies)).toMatchObject(refused);
    expect(await decide({ authorization_details: details, reason: '' }, policies)).toMatchObject(refused);
    expect(await decide({ authorization_details: details, reason: 'repair' }, policies)).toMatchObject({
      kind: 'allowed',
    });
  });
});

describe('a role', () => {
  const others = {
    'workloads.yaml': `${SUBJECT}: { team: orders }`,
    'roles.yaml': `
reader: { audience: orders-db, authorization_details: [{ locations: ["orders-db/{subject.team}"], actions: [read] }] }
homeless: { authorization_details: [{ locations: [orders-db/orders], actions: [read] }] }
other: { authorization_details: [{ locations: ["orders-db/{subject.environment}"], actions: [read] }] }`,
  };
  const assume = '@id("takes") permit (principal, action == Action::"assume", resource) when { true };';
  const role = (scope: string, audience?: string) =>
    decide({ authorization_details: undefined, scope, audience }, POLICIES + assume, {}, others);

  it('supplies its grants, and its audience if the request names none', async () => {
    expect(await role('role:reader')).toMatchObject({
      kind: 'allowed',
      asking: { role: 'reader', audience: 'orders-db' },
      decision: {
        granted: [{ type: 'resource', locations: ['orders-db/orders'], actions: ['read'] }],
        policies: ['takes', 'reads-orders'],
      },
    });
    expect(await role('role:reader', 'billing')).toMatchObject({ kind: 'denied', denial: 'policy' });
    expect(await role('role:homeless', 'orders-db')).toMatchObject({ kind: 'allowed' });
  });

  it('without an audience needs one in the request, which only a caller who may assume the role learns', async () => {
    expect(await role('role:homeless')).toMatchObject({ kind: 'bad_request', bad: { field: 'audience' } });
    const stranger = await decide(
      { authorization_details: undefined, scope: 'role:homeless', audience: undefined },
      POLICIES,
      {},
      others,
    );
    expect(stranger).toMatchObject({ kind: 'denied', denial: 'policy' });
  });

  it('is refused with the same error if it does not exist and if the workload cannot assume it', async () => {
    expect(await role('role:none')).toMatchObject({ kind: 'denied', denial: 'role_unavailable' });
    expect(await role('role:other', 'orders-db')).toMatchObject({
      kind: 'denied',
      denial: 'role_unavailable',
      lacks: 'environment',
    });
  });
});

describe('behaviour', () => {
  const throttled = `${POLICIES}
    @id("calm-writers") forbid (principal, action, resource in Resource::"orders-db/shipments")
    when { context.behaviour.denied >= 3 || context.behaviour.active > 10 };`;
  const behaving = (denied: number) => {
    const requested: string[] = [];
    const behaviour = {
      of: async (subject: string) => {
        requested.push(subject);
        return { issued: 0, denied, active: 0 };
      },
    };
    return { requested, behaviour };
  };

  it('affects the decision if a policy reads it', async () => {
    const request = { authorization_details: [writesShipments] };
    const { requested, behaviour } = behaving(2);
    expect(await decide(request, throttled, { behaviour })).toMatchObject({ kind: 'allowed' });
    expect(requested).toEqual([SUBJECT]);
    expect(await decide(request, throttled, behaving(3))).toMatchObject({
      kind: 'denied',
      decision: { policies: ['calm-writers'] },
    });
  });

  it('is not read if no policy reads it', async () => {
    const { requested, behaviour } = behaving(3);
    expect(await decide({}, throttled, { behaviour })).toMatchObject({ kind: 'allowed' });
    expect(requested).toEqual([]);
  });
});

describe('external authorizers', () => {
  const refusing = (name: string, refuses: (question: AuthorizerRequest) => boolean) => {
    const requested: AuthorizerRequest[] = [];
    const condition: ExternalAuthorizer = {
      name,
      allows: async (requests) => {
        requested.push(...requests);
        return requests.map((question) => !refuses(question));
      },
    };
    return { requested, condition };
  };
  const two = {
    authorization_details: [
      { type: 'resource' as const, locations: ['orders-db/orders', 'orders-db/stock'], actions: ['read' as const] },
    ],
  };

  it('must all allow what policy allows', async () => {
    const yes = refusing('yes', () => false);
    const no = refusing('no', ({ resource }) => resource.id === 'orders-db/stock');
    const conditions = [yes.condition, no.condition];
    expect(await decide(two, POLICIES, { conditions })).toMatchObject({
      kind: 'denied',
      denial: 'further_condition',
      itemDecisions: [{ allowed: true }, { allowed: false, refusedBy: ['no'] }],
    });
    expect(await decide({ ...two, grant: 'partial' }, POLICIES, { conditions })).toMatchObject({
      kind: 'allowed',
      decision: { granted: [{ locations: ['orders-db/orders'] }] },
    });
    expect(await decide(two, POLICIES, { conditions: [yes.condition] })).toMatchObject({ kind: 'allowed' });
  });

  it('get verified attributes, and never the session', async () => {
    const { requested, condition } = refusing('all', () => true);
    const others = {
      'workloads.yaml': `${SUBJECT}: { team: orders }`,
      'resources.yaml': 'orders-db: { team: orders }',
    };
    await decide({ reason: 'report' }, POLICIES, { conditions: [condition] }, others);
    expect(requested).toEqual([
      {
        subject: {
          id: SUBJECT,
          properties: { account: '111122223333', kind: 'role', name: 'orders-service', team: 'orders' },
        },
        action: 'read',
        resource: { id: 'orders-db/orders', properties: { team: 'orders' } },
        context: {
          audience: 'orders-db',
          lifetime: 900,
          time: '2026-01-01T12:00:00.000Z',
          sourceIp: '203.0.113.7',
          reason: 'report',
        },
      },
    ]);
  });

  it('get a request for every distinct set of attributes in a subtree', async () => {
    const others = { 'resources.yaml': 'orders-db: { team: orders }\norders-db/stock: { classification: secret }' };
    const { requested, condition } = refusing(
      'secrets',
      ({ resource }) => resource.properties.classification === 'secret',
    );
    const subtree = { type: 'resource' as const, locations: ['orders-db/*'], actions: ['read' as const] };
    const permits = '@id("reads") permit (principal, action == Action::"read", resource in Resource::"orders-db");';
    expect(
      await decide({ authorization_details: [subtree] }, permits, { conditions: [condition] }, others),
    ).toMatchObject({ denial: 'further_condition', itemDecisions: [{ refusedBy: ['secrets'] }] });
    expect(requested.map(({ resource }) => resource)).toEqual([
      { id: 'orders-db/*', properties: { team: 'orders' } },
      { id: 'orders-db/*', properties: { team: 'orders', classification: 'secret' } },
    ]);
  });

  it('get no request for what policy denies', async () => {
    const { requested, condition } = refusing('all', () => true);
    expect(await decide({ audience: 'billing' }, POLICIES, { conditions: [condition] })).toMatchObject({
      denial: 'policy',
    });
    expect(requested).toEqual([]);
  });
});
