import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { parseSubject } from '@tvm/contract/subject.ts';
import type { Caller } from '@tvm/core/identity/caller.ts';
import {
  cedarRequest,
  principalScopesOf,
  type RequestedItem,
  readableBy,
  scopesOf,
} from '@tvm/core/policy/authorization-request.ts';
import { requestContext } from '@tvm/core/policy/request-context.ts';
import { policySlices } from '@tvm/core/policy/slices.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { policyBundle, SCHEMA } from '#test/fakes/policies.ts';

const WORKLOADS = ['a', 'b', 'c'].map((name) => `arn:aws:iam::111122223333:role/${name}`);
const FEDERATED = ['github:repo:1', 'github:repo:2', 'gitlab:project:1'];
/** Always true. A permit must name the trust entries whose workloads it admits. */
const ADMITS_ALL = 'when { principal.kind != "federated" || principal in [Trust::"github", Trust::"gitlab"] }';
const LOCATIONS = ['db', 'db/orders', 'db/orders/2026', 'db/stock', 'lake', 'lake/finance'];

const conditions = [
  'when { context.lifetime <= 300 }',
  'unless { context.audience == "orders-db" }',
  'when { context.fields.all || context.fields.names.contains("id") }',
  'when { context["fields"]["names"].containsAll(["id"]) }',
  'when { context has time && context.time < datetime("2027-01-01") }',
  'when { context has "sourceIp" && context.sourceIp.isInRange(ip("203.0.113.0/24")) }',
  'when { context["\\u{74}ime"] > datetime("2025-01-01") }',
  'when { context.networks.contains("office") && context has region && context.region == "eu-central-1" }',
  'when { context.windows.containsAny(["nightly"]) || context.local.hour < 12 }',
  'when { principal.name == "a" }',
  'when { principal in Trust::"github" }',
  'unless { principal in Trust::"gitlab" && principal has claims }',
  'when { Workload::"github:repo:1" in Trust::"github" && principal.account == "" }',
  'when { Workload::"github:repo:1" has team && Workload::"github:repo:1".team == "orders" }',
  'when { principal has claims.environment && principal.claims.environment == "production" }',
  'unless { principal has environment && principal.environment == "production" }',
  'unless { principal has session && principal.session == "i-0abc" }',
  'when { principal.account like "1111*" && principal["kind"] == "role" } // context',
  'when { principal has team && resource has team && principal.team == resource.team }',
  'unless { context // in two lines\n .lifetime > 300 }',
  'when { resource in Resource::"db" }',
  'when { [principal, Workload::"arn:aws:iam::111122223333:role/b"].contains(principal) }',
  'when { context == context }',
  // Overflows for some lifetimes.
  'when { context.lifetime * 30744573456182586 > 0 }',
];

const scope = (name: string, type: string, ids: readonly string[], operators: string[]) =>
  fc.oneof(
    fc.constant(name),
    fc.constant(`${name} is ${type}`),
    fc
      .tuple(fc.constantFrom(...operators), fc.constantFrom(...ids))
      .map(([op, id]) => `${name} ${op} ${type}::"${id}"`),
  );

const policy = fc.record({
  effect: fc.constantFrom('permit', 'forbid'),
  principal: fc.oneof(
    scope('principal', 'Workload', [...WORKLOADS, ...FEDERATED], ['==', 'in', 'is Workload in']),
    scope('principal', 'Trust', ['github', 'gitlab'], ['in', 'is Workload in']).map((text) =>
      text.replace('is Trust', 'is Workload'),
    ),
  ),
  action: fc.constantFrom('action in [Action::"read", Action::"write"]', 'action == Action::"read"'),
  resource: scope('resource', 'Resource', LOCATIONS, ['==', 'in', 'is Resource in']),
  when: fc.subarray(conditions, { maxLength: 2 }),
});

const asking = fc.record({
  action: fc.constantFrom('read' as const, 'write' as const),
  location: fc.constantFrom(...LOCATIONS, 'db/else', 'other'),
  fields: fc.constantFrom<string[] | undefined>(undefined, ['id'], ['status']),
  subject: fc.constantFrom(...WORKLOADS, 'arn:aws:iam::444455556666:role/d', ...FEDERATED, 'other:repo:1'),
  claims: fc.record(
    { environment: fc.constantFrom('production', 'test'), ref_protected: fc.constant('true') },
    { requiredKeys: [] },
  ),
  session: fc.constantFrom(undefined, 'i-0abc', 'i-1def'),
  lifetime: fc.constantFrom(300, 900),
  audience: fc.constantFrom('orders-db', 'billing'),
});

const OTHERS = {
  'schema.cedarschema': SCHEMA,
  'workloads.yaml': `${WORKLOADS[0]}: { team: orders }\n"github:repo:1": { team: orders, environment: test }`,
  'resources.yaml': 'db: { team: orders }\nlake/finance: { in: [db/stock] }',
  'networks.yaml': 'office: { cidrs: [203.0.113.0/24], region: eu-central-1 }',
  'windows.yaml': 'windows: { nightly: { from: "22:00", to: "06:00" } }',
};

it('gives the same decision, reasons and errors with a slice and the read attributes as with the whole set', () => {
  fc.assert(
    fc.property(fc.array(policy, { minLength: 1, maxLength: 12 }), fc.array(asking, { minLength: 1 }), (set, asks) => {
      const text = set.map(
        ({ effect, principal, action, resource, when }, n) =>
          `@id("p${n}") ${effect} (${principal}, ${action}, ${resource}) ${when.join('\n')}\n${effect === 'permit' ? ADMITS_ALL : ''};`,
      );
      const bundle = policyBundle(text.join('\n'), OTHERS);
      const around = requestContext(bundle);
      // A small cache, so that evicted slices are parsed again.
      const sliceOf = policySlices(bundle, 8);
      const { entities } = readableBy(bundle, Object.values(bundle.policies));
      const everything = Object.fromEntries(Object.entries(bundle.policies).map(([id, { text }]) => [id, text]));
      for (const { action, location, fields, subject, session, claims, ...told } of asks) {
        const workload = parseSubject(subject);
        if (workload === undefined) throw new Error('not a subject');
        const caller: Caller =
          workload.kind === 'federated' ? { ...workload, claims } : { ...workload, ...(session && { session }) };
        const item: RequestedItem = { action, location, fields };
        const context = { ...told, time: Date.UTC(2026, 5, 1, 23), sourceIp: '203.0.113.7' };
        const slice = sliceOf(principalScopesOf(caller), scopesOf(bundle, item));
        const sliced = cedar.statefulIsAuthorized({
          preparsedPolicySetId: slice.preparsedPolicySetId,
          ...cedarRequest(bundle, around, caller, item, context, slice),
        });
        const whole = cedar.isAuthorized({
          ...cedarRequest(bundle, around, caller, item, context, { reads: new Set(['*']), entities }),
          policies: { staticPolicies: everything },
        });
        expect(outcome(sliced)).toEqual(outcome(whole));
      }
    }),
    { numRuns: 100 },
  );
}, 60_000);

function outcome(answer: cedar.AuthorizationAnswer) {
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message);
  const { decision, diagnostics } = answer.response;
  const errors = diagnostics.errors.map(({ policyId, error }) => `${policyId}: ${error.message}`);
  return { decision, reasons: diagnostics.reason.toSorted(), errors: errors.sort() };
}

it('contains only the policies that can match', () => {
  const bundle = policyBundle(`
    @id("mine") permit (principal == Workload::"${WORKLOADS[0]}", action, resource in Resource::"db");
    @id("other-workload") permit (principal == Workload::"${WORKLOADS[1]}", action, resource in Resource::"db");
    @id("other-resource") permit (principal == Workload::"${WORKLOADS[0]}", action, resource in Resource::"lake");
    @id("anybody") forbid (principal, action, resource in Resource::"db/orders");
    @id("anything") forbid (principal, action, resource) when { context.lifetime > 900 };`);
  const sliceOf = policySlices(bundle);
  const slice = (location: string) =>
    sliceOf([`Workload::"${WORKLOADS[0]}"`], scopesOf(bundle, { action: 'read', location })).policies.toSorted();
  expect(slice('db/orders/2026')).toEqual(['anybody', 'anything', 'mine']);
  expect(slice('db/stock')).toEqual(['anything', 'mine']);
  expect(slice('elsewhere')).toEqual(['anything']);
});
