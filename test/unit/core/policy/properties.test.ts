import { type AuthorizationDetail, subtreeRoot } from '@tvm/contract/authorization-details.ts';
import type { RequestParameters } from '@tvm/contract/token.ts';
import type { Caller } from '@tvm/core/identity/caller.ts';
import type { PolicyBundle } from '@tvm/core/policy/bundle.ts';
import { conclude, policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyBundle } from '#test/fakes/policies.ts';
import { LOCATIONS, requests, SUBJECTS, type World, worlds } from '#test/support/policy-generators.ts';

const context = {
  time: Date.UTC(2026, 0, 5, 12),
  sourceIp: '203.0.113.7',
  behaviour: { issued: 1, denied: 0, active: 1 },
};
const callerOf = (subject: string): Caller => {
  return { subject, account: '111122223333', kind: 'role', name: subject.split('/').at(-1) ?? '', session: 'i-0abc' };
};
const asks = fc.record({ world: worlds, subject: fc.constantFrom(...SUBJECTS), request: requests });

/** The decision of a bundle on the locations that a request names. */
function decide(bundle: PolicyBundle, subject: string, request: RequestParameters) {
  const point = policyDecisionPoint(bundle);
  const details = request.authorization_details ?? [{ type: 'resource', locations: ['db/a'], actions: ['read'] }];
  const requested = { details, partial: request.grant === 'partial' };
  const told = { ...context, audience: request.audience ?? '', lifetime: request.expires_in ?? 900 };
  return conclude(point.evaluate(callerOf(subject), requested, told), requested, bundle);
}

const text = ({ policies }: World) => policies.map((policy) => policy.text).join('\n');

/** The data files of a generated world. */
function othersOf({ bundle, teams }: World): Record<string, string> {
  const yaml = (value: object) => JSON.stringify(value);
  return {
    'workloads.yaml': yaml(Object.fromEntries(Object.entries(teams).map(([subject, team]) => [subject, { team }]))),
    'resources.yaml': yaml(
      Object.fromEntries(Object.entries(bundle.resources).map(([place, { attributes }]) => [place, attributes])),
    ),
    'networks.yaml': 'office: { cidrs: [203.0.113.0/24] }',
    'roles.yaml':
      'reader: { authorization_details: [{ locations: [db/a], actions: [read] }] }\nkeeper: { authorization_details: [{ locations: [db/a], actions: [write] }] }',
  };
}

const pairsOf = (details: readonly AuthorizationDetail[]) =>
  details.flatMap(({ actions, locations, fields }) =>
    locations.flatMap((location) => actions.map((action) => ({ action, location, fields }))),
  );
const asOne = ({ action, location, fields }: ReturnType<typeof pairsOf>[number]): AuthorizationDetail => {
  return { type: 'resource', actions: [action], locations: [location], ...(fields && { fields }) };
};

describe('for all policies and requests', { timeout: 60_000 }, () => {
  it('a forbid overrides every permit', () => {
    fc.assert(
      fc.property(asks, fc.constantFrom(...LOCATIONS), ({ world, subject, request }, place) => {
        const forbid = `@id("guard") forbid (principal, action, resource in Resource::"${place}");`;
        const guarded = policyBundle(`${text(world)}\n${forbid}`, othersOf(world));
        const { granted } = decide(guarded, subject, { ...request, grant: 'partial' });
        for (const { location } of pairsOf(granted)) {
          const root = subtreeRoot(location) ?? location;
          expect(`${root}/`.startsWith(`${place}/`)).toBe(false);
          // No granted subtree may contain the forbidden location.
          if (location !== root) expect(`${place}/`.startsWith(`${root}/`)).toBe(false);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('an additional forbid never grants more', () => {
    fc.assert(
      fc.property(asks, ({ world, subject, request }) => {
        const permits = world.policies.filter(({ text }) => !/^forbid/m.test(text));
        const before = decide(
          policyBundle(permits.map((policy) => policy.text).join('\n'), othersOf(world)),
          subject,
          request,
        );
        const after = decide(world.bundle, subject, request);
        expect(before.allowed || !after.allowed).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('nothing that the ceiling forbids is granted', () => {
    const ceiling = `
      @id("no-writes-to-db") forbid (principal, action == Action::"write", resource in Resource::"db/a");
      @id("no-long-tokens") forbid (principal, action, resource) when { context.lifetime > 900 };
      @id("no-secrets") forbid (principal, action in [Action::"read", Action::"write"], resource)
        when { resource has classification && resource.classification == "secret" };`;
    fc.assert(
      fc.property(asks, ({ world, subject, request }) => {
        const others = othersOf(world);
        const under = policyBundle(text(world), { ...others, 'ceiling.cedar': ceiling });
        const { granted } = decide(under, subject, { ...request, grant: 'partial' });
        const everything = policyBundle('@id("all") permit (principal, action, resource);', {
          ...others,
          'ceiling.cedar': ceiling,
        });
        if (granted.length > 0) {
          expect(decide(everything, subject, { ...request, authorization_details: granted }).allowed).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('the order of policies does not matter', () => {
    fc.assert(
      fc.property(asks, ({ world, subject, request }) => {
        const reversed = policyBundle(
          world.policies
            .map((policy) => policy.text)
            .reverse()
            .join('\n'),
          othersOf(world),
        );
        const [one, other] = [decide(world.bundle, subject, request), decide(reversed, subject, request)];
        expect({ ...other, policies: other.policies.toSorted(), policyErrors: other.policyErrors.toSorted() }).toEqual({
          ...one,
          policies: one.policies.toSorted(),
          policyErrors: one.policyErrors.toSorted(),
        });
      }),
      { numRuns: 50 },
    );
  });

  it('a partial grant consists of all pairs that would be granted separately', () => {
    fc.assert(
      fc.property(asks, ({ world: { bundle }, subject, request }) => {
        const { granted } = decide(bundle, subject, { ...request, grant: 'partial' });
        const pairs = pairsOf(request.authorization_details ?? []);
        const alone = pairs.filter(
          (pair) => decide(bundle, subject, { ...request, grant: 'all', authorization_details: [asOne(pair)] }).allowed,
        );
        if (request.authorization_details) {
          const names = (some: ReturnType<typeof pairsOf>) => some.map((pair) => JSON.stringify(asOne(pair))).sort();
          expect(names(pairsOf(granted))).toEqual(names(alone));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('a subtree is granted if and only if every location in it is granted', () => {
    const below = [...LOCATIONS, 'db/a/9', 'db/x', 'db/b/x/y', 'lake/c/1', 'lake/new'];
    fc.assert(
      fc.property(
        asks,
        fc.constantFrom('db', 'db/a', 'db/b', 'lake'),
        ({ world: { bundle }, subject, request }, root) => {
          const ask = (location: string) =>
            decide(bundle, subject, {
              ...request,
              grant: 'all',
              authorization_details: [{ type: 'resource', locations: [location], actions: ['read'] }],
            }).allowed;
          const places = below.filter((place) => `${place}/`.startsWith(`${root}/`));
          expect(ask(`${root}/*`)).toBe(places.every(ask));
        },
      ),
      { numRuns: 150 },
    );
  });
});
