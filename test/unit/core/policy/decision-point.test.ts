import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import { type AwsCaller, parseCaller } from '@tvm/core/identity/caller.ts';
import { cedarRequest, type DecisionContext } from '@tvm/core/policy/authorization-request.ts';
import { conclude, type DecisionRequest, policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import { requestContext } from '@tvm/core/policy/request-context.ts';
import { describe, expect, it } from 'vitest';
import { from, POLICIES, SUBJECT } from '#test/fakes/in-memory-service.ts';
import { policyBundle, policyFiles } from '#test/fakes/policies.ts';

const caller = parseCaller(from.userArn) as AwsCaller;
const context = { audience: 'orders-db', lifetime: 900, time: Date.UTC(2026, 0, 1), sourceIp: '203.0.113.7' };

function detail(actions: AuthorizationDetail['actions'], locations: string[], fields?: string[]): AuthorizationDetail {
  return { type: 'resource', actions, locations, ...(fields && { fields }) };
}

/** Returns a function that evaluates requests against policies given as text. */
function decider(policies: string, others: Record<string, string> = {}) {
  const point = policyDecisionPoint(policyBundle(policies, others));
  return (
    details: AuthorizationDetail[],
    change: Partial<DecisionContext> = {},
    request: Partial<DecisionRequest> = {},
    who = caller,
  ) => {
    const requested = { details, partial: false, ...request };
    return conclude(point.evaluate(who, requested, { ...context, ...change }), requested, point.bundle);
  };
}

describe('policyDecisionPoint', () => {
  const decide = decider(POLICIES);
  const denied = { allowed: false, granted: [], policies: [], policyErrors: [] };

  it('allows a permitted request and names the policies', () => {
    const orders = [detail(['read'], ['orders-db/orders'])];
    expect(decide(orders)).toMatchObject({ allowed: true, granted: orders, policies: ['reads-orders'] });
    const both = [...orders, detail(['write'], ['orders-db/shipments'])];
    expect(decide(both, { lifetime: 300 }).policies).toEqual(['reads-orders', 'writes-shipments']);
  });

  it('denies a request that no policy permits', () => {
    expect(decide([detail(['write'], ['orders-db/orders'])])).toMatchObject(denied);
    expect(decide([detail(['write'], ['orders-db/shipments'])])).toMatchObject(denied);
    const stranger = { ...caller, subject: `${SUBJECT}x` };
    expect(decide([detail(['read'], ['orders-db/orders'])], {}, {}, stranger)).toMatchObject(denied);
    expect(decide([detail(['read'], ['orders-db/orders'])], { audience: 'billing' })).toMatchObject(denied);
    expect(decide([detail(['read'], ['orders-dbx/orders'])])).toMatchObject(denied);
    expect(decide([])).toMatchObject(denied);
  });

  it('denies the whole request if one pair is denied', () => {
    const details = [detail(['read'], ['orders-db/orders', 'orders-db/payments'], ['id', 'card_number'])];
    expect(decide(details)).toMatchObject({ ...denied, policies: ['no-card-numbers'] });
  });

  it('grants the allowed part of each entry if the request accepts a part', () => {
    const details = [
      detail(['read', 'write'], ['orders-db/orders', 'orders-db/shipments', 'billing', 'orders-db/stock'], ['id']),
      detail(['write'], ['billing']),
    ];
    expect(decide(details, { lifetime: 300 }, { partial: true })).toMatchObject({
      allowed: true,
      granted: [
        detail(['read'], ['orders-db/orders', 'orders-db/stock'], ['id']),
        detail(['read', 'write'], ['orders-db/shipments'], ['id']),
      ],
      policies: ['reads-orders', 'writes-shipments'],
    });
    expect(decide([detail(['write'], ['billing'])], {}, { partial: true })).toMatchObject(denied);
  });

  it('treats a request without fields as a request for all fields', () => {
    expect(decide([detail(['read'], ['orders-db/payments'], ['id'])]).allowed).toBe(true);
    expect(decide([detail(['read'], ['orders-db/payments'])]).allowed).toBe(false);
  });

  it('denies a pair if a policy fails, and names the policy', () => {
    const erring = decider(`${POLICIES}
      @id("never-long") forbid (principal, action, resource) when { context.lifetime * 9223372036854775807 > 0 };
      @id("no-behaviour") forbid (principal, action, resource) when { context.behaviour.denied > 5 };`);
    expect(erring([detail(['read'], ['orders-db/orders'])])).toMatchObject({
      ...denied,
      policyErrors: expect.arrayContaining(['never-long', 'no-behaviour']),
    });
  });

  it('rejects an invalid source address', () => {
    expect(() => decide([detail(['read'], ['orders-db/orders'])], { sourceIp: 'unknown' })).toThrow();
  });

  it('assumes a role only if a policy permits it', () => {
    const roles = { 'roles.yaml': 'reader: { authorization_details: [{ locations: [orders-db], actions: [read] }] }' };
    const assume = `@id("takes-reader")
      permit (principal == Workload::"${SUBJECT}", action == Action::"assume", resource == Role::"reader");`;
    const details = [detail(['read'], ['orders-db/orders'])];
    expect(decider(POLICIES, roles)(details, {}, { role: 'reader' })).toMatchObject(denied);
    expect(decider(POLICIES + assume, roles)(details, {}, { role: 'reader' })).toMatchObject({
      allowed: true,
      policies: ['takes-reader', 'reads-orders'],
    });
    // Not even a part is granted: without the role, the caller has to send the request without the role.
    expect(decider(POLICIES, roles)(details, {}, { role: 'reader', partial: true }).allowed).toBe(false);
    // A role does not permit its grants.
    expect(decider(POLICIES + assume, roles)([detail(['write'], ['orders-db'])], {}, { role: 'reader' })).toMatchObject(
      denied,
    );
  });

  it('lets a forbid of the ceiling override every permit', () => {
    const ceiling =
      '@id("no-writes-to-orders") forbid (principal, action == Action::"write", resource in Resource::"x");';
    const permits = '@id("anything") permit (principal, action, resource);';
    expect(decider(permits, { 'ceiling.cedar': ceiling })([detail(['write'], ['x/y'])])).toMatchObject({
      ...denied,
      policies: ['no-writes-to-orders'],
    });
  });
});

describe('a subtree', () => {
  const reads = (where: string, rest = '') =>
    `@id("reads-${where.replace('/', '-')}") permit (principal, action == Action::"read", resource in Resource::"${where}") ${rest};`;
  const db = [detail(['read'], ['db/*'])];

  it('is granted if everything in it is permitted', () => {
    expect(decider(reads('db'))(db)).toMatchObject({ allowed: true, granted: db });
    expect(decider(reads('db'))([detail(['read'], ['db/orders/*'])])).toMatchObject({ allowed: true });
    expect(decider(reads('db'))([detail(['read'], ['other/*'])])).toMatchObject({ allowed: false });
  });

  it('is not granted if only its root or only the named locations in it are permitted', () => {
    const exact = (id: string) => `@id("${id}") permit (principal, action, resource == Resource::"${id}");`;
    expect(decider(exact('db'))(db).allowed).toBe(false);
    expect(decider(exact('db') + reads('db/orders') + reads('db/stock'))(db).allowed).toBe(false);
  });

  it.each([
    ['one location', 'forbid (principal, action, resource == Resource::"db/secret")', ''],
    ['one location, deeper', 'forbid (principal, action, resource == Resource::"db/a/b/secret")', ''],
    ['a smaller subtree', 'forbid (principal, action, resource in Resource::"db/secret")', ''],
    [
      'a location in a condition',
      'forbid (principal, action == Action::"read", resource) when { [Resource::"db/secret"].contains(resource) }',
      '',
    ],
    [
      'an attribute',
      'forbid (principal, action == Action::"read", resource) when { resource has classification && resource.classification == "secret" }',
      'db/secret: { classification: secret }',
    ],
    [
      'a parent from resources.yaml',
      'forbid (principal, action, resource in Resource::"vault")',
      'db/secret: { in: [vault] }',
    ],
  ])('is not granted when a forbid matches %s', (_, forbid, resources) => {
    const decide = decider(`${reads('db')} @id("guard") ${forbid};`, { 'resources.yaml': resources });
    expect(decide(db)).toMatchObject({ allowed: false, policies: ['guard'] });
    expect(decide([detail(['read'], ['db/orders/*'])])).toMatchObject({ allowed: true });
  });

  it('is not granted by a permit that excludes a part of it', () => {
    expect(decider(reads('db', 'unless { resource in Resource::"db/secret" }'))(db)).toMatchObject({
      allowed: false,
      policies: [],
    });
  });

  it('names the denied location', () => {
    const point = policyDecisionPoint(
      policyBundle(`${reads('db')} @id("guard") forbid (principal, action, resource in Resource::"db/a/secret");`),
    );
    const [itemDecision] = point.evaluate(caller, { details: db, partial: false }, context);
    expect(itemDecision).toMatchObject({ allowed: false, forbids: ['guard'], place: 'db/a/secret' });
  });

  it('costs a bounded number of evaluations, however many subtrees one request has', () => {
    const named = Array.from({ length: 90 }, (_, n) => `db/n${n}: { team: orders }`);
    const decide = decider(reads('db'), { 'resources.yaml': named.join('\n') });
    const details = (entries: number) =>
      Array.from({ length: entries }, (_, n) => detail(['read'], ['db/*'], [`f${n}`]));
    expect(decide(details(10)).allowed).toBe(true);
    // Each subtree needs 182 evaluations, so the eleventh exceeds the maximum of a request.
    expect(decide(details(11)).allowed).toBe(false);
    expect(decide(details(11), {}, { partial: true }).granted).toHaveLength(10);
  });

  it('is denied if it has too many named locations', () => {
    const many = Array.from(
      { length: 101 },
      (_, n) => `@id("n${n}") permit (principal, action, resource == Resource::"db/n${n}");`,
    );
    expect(decider(reads('db') + many.slice(1).join(''))(db).allowed).toBe(true);
    expect(decider(reads('db') + many.join(''))(db).allowed).toBe(false);
    // Locations that only policies for other workloads name are not counted.
    const others = many.map((policy) => policy.replace('principal', `principal == Workload::"${SUBJECT}x"`));
    expect(decider(reads('db') + others.join(''))(db).allowed).toBe(true);
  });
});

describe('a condition on an entity that only the policy names', () => {
  const permit = '@id("reads") permit (principal, action, resource);';
  const resources = 'db: { team: orders }\ndb/a: { in: [vault/x] }';
  const others = {
    'resources.yaml': resources,
    'workloads.yaml': `${SUBJECT}: { team: orders }`,
    'roles.yaml': 'reader: { authorization_details: [{ locations: [db], actions: [read] }] }',
  };
  const OTHER = 'arn:aws:iam::111122223333:role/other';

  it.each([
    ['that it is in another entity', 'Resource::"db/a" in Resource::"db"'],
    ['that it is in another entity because of resources.yaml', 'Resource::"db/a/secret" in Resource::"vault"'],
    ['that it is in one entity of a set', 'Resource::"db/a" in [Resource::"x", Resource::"db"]'],
    ['that it is of a type and in another entity', 'Resource::"db/a" is Resource in Resource::"db"'],
    ['that a value in a record is in another entity', '{ "in": Resource::"db/a" }["in"] in Resource::"db"'],
    [
      'that one of two entities is in another entity',
      '(if context.lifetime > 60 then Resource::"db/a" else Resource::"x") in Resource::"db"',
    ],
    ['its attribute', 'Resource::"db" has team && Resource::"db".team == "orders"'],
    ['an attribute of its parent', 'Resource::"db/a/b" has team && Resource::"db/a/b".team == "orders"'],
    ['an attribute of a workload', `Workload::"${SUBJECT}" has team && Workload::"${SUBJECT}".team == "orders"`],
    [
      'an attribute from the ARN of a workload',
      `Workload::"${OTHER}".name == "other" && Workload::"${OTHER}".kind == "role"`,
    ],
    [
      'that one of two workloads has a name',
      `(if context.lifetime > 60 then Workload::"${OTHER}" else principal).name == "other"`,
    ],
  ])('applies to every request: %s', (_, condition) => {
    const decide = decider(
      `${permit} @id("guard") forbid (principal, action, resource) when { ${condition} };`,
      others,
    );
    for (const location of ['db', 'db/a/b', 'other', 'other/*']) {
      expect(decide([detail(['read'], [location])])).toMatchObject({ allowed: false, policies: ['guard'] });
    }
    const itemDecisions = policyDecisionPoint(
      policyBundle(
        `${permit} @id("guard") forbid (principal, action == Action::"assume", resource) when { ${condition} };`,
        others,
      ),
    ).evaluate(caller, { role: 'reader', details: [], partial: false }, context);
    expect(itemDecisions).toMatchObject([{ allowed: false, forbids: ['guard'] }]);
  });

  it.each([
    [
      'that it is in the resource',
      'Resource::"db/a/secret" in resource',
      ['db/a/secret', 'db/a', 'db', 'vault/x', 'vault'],
    ],
    [
      'that it is in one entity of a set that contains the resource',
      'Resource::"db/a/secret" in [Resource::"y", resource]',
      ['db/a', 'vault'],
    ],
    [
      'that it or the resource is in another entity',
      '(if resource == Resource::"lake" then Resource::"db/a" else resource) in Resource::"db"',
      ['lake', 'db/z'],
    ],
    [
      'that a set of it and the resource contains an entity',
      '[Resource::"db/a", resource].containsAny([Resource::"lake"])',
      ['lake'],
    ],
    [
      'that both have the same attribute',
      'resource has team && Resource::"db/a" has team && Resource::"db/a".team == resource.team',
      ['db', 'db/q'],
    ],
  ])('applies to some resources: %s', (_, condition, forbidden) => {
    const decide = decider(
      `${permit} @id("guard") forbid (principal, action in [Action::"read", Action::"write"], resource) when { ${condition} };`,
      others,
    );
    for (const location of forbidden) {
      expect(decide([detail(['read'], [location])]), location).toMatchObject({ allowed: false, policies: ['guard'] });
    }
    for (const location of ['other', 'vault/z', 'lake/c']) {
      expect(decide([detail(['read'], [location])]), location).toMatchObject({ allowed: true });
    }
  });

  it('can read what AWS authenticated if the entity is the caller', () => {
    const decide = decider(
      `${permit} @id("guard") forbid (principal, action, resource)
        when { principal has session && principal.session == "i-0abc" && Workload::"${SUBJECT}".kind == "role" };`,
      others,
    );
    const orders = [detail(['read'], ['db'])];
    expect(decide(orders, {}, {}, { ...caller, session: 'i-0abc' })).toMatchObject({ policies: ['guard'] });
    expect(decide(orders, {}, {}, { ...caller, session: 'i-1def' })).toMatchObject({ allowed: true });
  });

  describe('for a subtree', () => {
    // No policy names db/a/b, and db/a/b is the only denied resource below db.
    const hidden = `permit (principal, action, resource)
      unless { Resource::"db/a/b/secret" in resource && resource in Resource::"db/a" && !(resource in Resource::"db/a/b/secret") && resource != Resource::"db/a" };`;

    it('is evaluated at the ancestors of the entity, even if nothing names them', () => {
      const point = policyDecisionPoint(policyBundle(`@id("hidden") ${hidden}`));
      const evaluated = (location: string) =>
        point.evaluate(caller, { details: [detail(['read'], [location])], partial: false }, context)[0];
      expect(evaluated('db/*')).toMatchObject({ allowed: false, permits: [], forbids: [], place: 'db/a/b' });
      expect(evaluated('db/a/b/*')).toMatchObject({ allowed: false, place: 'db/a/b' });
      expect(evaluated('db/a/b/secret/*')).toMatchObject({ allowed: true });
      expect(evaluated('db/a/c/*')).toMatchObject({ allowed: true });
      expect(evaluated('other/*')).toMatchObject({ allowed: true });
    });

    it('is evaluated at the ancestors that resources.yaml defines', () => {
      const decide = decider(
        `${permit} @id("guard") forbid (principal, action, resource) when { Resource::"lake/c" in resource } unless { resource in Resource::"lake" };`,
        { 'resources.yaml': 'lake/c: { in: [db/vault/x] }' },
      );
      expect(decide([detail(['read'], ['db/*'])])).toMatchObject({ allowed: false, policies: ['guard'] });
      expect(decide([detail(['read'], ['db/vault/x/*'])])).toMatchObject({ allowed: false, policies: ['guard'] });
      expect(decide([detail(['read'], ['db/vault/y/*'])])).toMatchObject({ allowed: true });
      expect(decide([detail(['read'], ['lake/*'])])).toMatchObject({ allowed: true });
    });
  });
});

it('builds requests that conform to the schema', () => {
  const bundle = policyBundle(POLICIES, {
    'workloads.yaml': `${SUBJECT}: { team: orders, environment: production }`,
    'resources.yaml': 'orders-db: { team: orders }\norders-db/orders: { in: [tables] }',
    'networks.yaml': 'office: { cidrs: [203.0.113.0/24], region: eu-central-1 }',
    'windows.yaml': 'time_zone: Europe/Berlin\nwindows: { always: { from: "00:00", to: "24:00" } }',
  });
  const around = requestContext(bundle);
  const { session: _, ...user } = { ...caller, kind: 'user' as const, organization: 'o-a1b2c3d4e5' };
  const told = { ...context, vpcEndpoint: 'vpce-1', behaviour: { issued: 1, denied: 2, active: 3 } };
  const schema = policyFiles('')[0]?.text ?? '';
  for (const principal of [caller, user]) {
    for (const fields of [undefined, ['id']]) {
      for (const item of [
        { action: 'read', location: 'orders-db/orders', fields } as const,
        { action: 'assume', role: 'deployer' } as const,
      ]) {
        const answer = cedar.isAuthorized({
          ...cedarRequest(bundle, around, principal, item, told, { reads: new Set(['*']), entities: new Map() }),
          policies: { staticPolicies: 'permit (principal, action, resource);' },
          schema,
          validateRequest: true,
        });
        expect(answer).toMatchObject({ type: 'success', response: { decision: 'allow' } });
      }
    }
  }
});
