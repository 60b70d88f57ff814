import { explanation as explanationSchema } from '@tvm/contract/explanation.ts';
import { parseWorkloadArn } from '@tvm/contract/subject.ts';
import type { RequestParameters } from '@tvm/contract/token.ts';
import { type ExplainTokenPorts, explainToken } from '@tvm/core/explain/explain-token.ts';
import type { ExternalAuthorizer } from '@tvm/core/external-authorizers/external-authorizer.ts';
import { decideToken } from '@tvm/core/issuing/token-decision.ts';
import { policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import type { Reader } from '@tvm/core/policy/near-misses.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inMemorySubjectStatuses } from '#test/fakes/in-memory-records.ts';
import { policyBundle } from '#test/fakes/policies.ts';
import { ROLES, requests, SUBJECTS, worlds } from '#test/support/policy-generators.ts';

const SUBJECT = 'arn:aws:iam::111122223333:role/orders-service';
const OTHER = 'arn:aws:iam::111122223333:role/reports';
const rules = { defaultLifetime: 900, defaultWriteLifetime: 300, maxLifetime: 3600 };
const circumstances = { time: Date.UTC(2026, 0, 1, 12), sourceIp: '198.51.100.1' };
const behaviour = { of: async () => ({ issued: 1, denied: 0, active: 0 }) };

function callerOf(arn: string) {
  const caller = parseWorkloadArn(arn);
  if (caller === undefined) throw new Error('no workload');
  return caller;
}

function deciding(bundle = policyBundle(''), conditions: ExternalAuthorizer[] = []) {
  return { policies: policyDecisionPoint(bundle), conditions, behaviour, subjectStatuses: inMemorySubjectStatuses() };
}

async function explain(
  request: RequestParameters,
  ports: ExplainTokenPorts,
  reader: Reader = 'operator',
  subject = SUBJECT,
) {
  const outcome = await explainToken(request, callerOf(subject), circumstances, reader, rules, ports);
  if (outcome.kind !== 'explained') throw new Error(`${outcome.bad.field} ${outcome.bad.problem}`);
  return explanationSchema.strict().parse(outcome.explanation);
}

function entry(locations: string[], actions: ('read' | 'write')[], fields?: string[]) {
  return { type: 'resource' as const, locations, actions, ...(fields && { fields }) };
}

const POLICIES = `
@id("reads-orders")
permit (principal == Workload::"${SUBJECT}", action == Action::"read", resource in Resource::"orders-db")
when { context.audience == "orders-db" };

@id("writes-shipments")
permit (principal == Workload::"${SUBJECT}", action == Action::"write", resource == Resource::"orders-db/shipments")
when { context.audience == "orders-db" && context.lifetime <= 300 };

@id("reads-two-fields")
permit (principal == Workload::"${SUBJECT}", action == Action::"read", resource in Resource::"crm")
when { !context.fields.all && ["id", "country"].containsAll(context.fields.names) };

@id("reads-at-the-office") @require_reason
permit (principal == Workload::"${SUBJECT}", action == Action::"read", resource in Resource::"hr")
when { context.networks.contains("office") };

@id("reads-with-reason") @require_reason @max_lifetime("2m")
permit (principal == Workload::"${SUBJECT}", action == Action::"read", resource in Resource::"legal");

@id("reports-write-orders")
permit (principal == Workload::"${OTHER}", action == Action::"write", resource == Resource::"orders-db/orders");

@id("no-card-numbers")
forbid (principal, action in [Action::"read", Action::"write"], resource in Resource::"orders-db/payments")
when { principal.kind == "role" && (context.fields.all || context.fields.names.contains("card_number")) };

@id("overflows")
permit (principal, action == Action::"read", resource == Resource::"orders-db/broken")
when { context.lifetime * 9223372036854775807 > 0 };

@id("deployers-deploy")
permit (principal == Workload::"${SUBJECT}", action == Action::"assume", resource == Role::"deployer")
when { context.lifetime <= 300 };
`;
const bundle = policyBundle(POLICIES, {
  'networks.yaml': 'office: { cidrs: [203.0.113.0/24] }',
  'roles.yaml': `
deployer: { audience: orders-db, authorization_details: [{ locations: [orders-db/orders, orders-db/new], actions: [read] }] }
admin: { audience: orders-db, authorization_details: [{ locations: [orders-db/secret], actions: [write] }] }
own: { audience: orders-db, authorization_details: [{ locations: ["lake/{subject.team}"], actions: [read] }] }`,
});
const ports = deciding(bundle);
const on = (...details: ReturnType<typeof entry>[]): RequestParameters => ({
  audience: 'orders-db',
  authorization_details: details,
});

describe('an explanation for an operator', () => {
  it('of an allowed request names the policies with file and line, and describes the token', async () => {
    expect(await explain(on(entry(['orders-db/orders'], ['read'])), ports)).toEqual({
      allowed: true,
      subject: SUBJECT,
      audience: 'orders-db',
      source_ip: '198.51.100.1',
      time: '2026-01-01T12:00:00.000Z',
      policy: bundle.hash.slice(0, 12),
      expires_in: 900,
      authorization_details: [entry(['orders-db/orders'], ['read'])],
      pairs: [
        {
          action: 'read',
          location: 'orders-db/orders',
          verdict: 'allowed',
          policies: [{ id: 'reads-orders', file: 'policies/test.cedar', line: 2 }],
        },
      ],
    });
  });

  it('of a request that no policy permits names the near misses and their failed parts', async () => {
    const { pairs, change } = await explain(
      { ...on(entry(['orders-db/shipments'], ['write'])), audience: 'billing', expires_in: 600 },
      ports,
    );
    expect(pairs[0]).toMatchObject({ verdict: 'not_permitted', policies: [] });
    expect(pairs[0]?.near_misses?.map(({ id, missed }) => [id, missed.map(({ text }) => text)])).toEqual([
      ['writes-shipments', ['context.audience == "orders-db"', 'context.lifetime <= 300']],
      ['reads-orders', ['action == Action::"read"', 'context.audience == "orders-db"']],
    ]);
    expect(change).toMatchObject({
      sentence: 'ask for 5m instead of 10m, and ask for audience orders-db',
      parameters: ['audience', 'expires_in'],
      request: { audience: 'orders-db', expires_in: 300 },
    });
  });

  it('of a forbidden request names the policy and its conditions', async () => {
    const { pairs, change } = await explain(on(entry(['orders-db/payments'], ['read'], ['id', 'card_number'])), ports);
    expect(pairs).toMatchObject([
      {
        verdict: 'forbidden',
        policies: [
          {
            id: 'no-card-numbers',
            conditions: [
              'principal.kind == "role"',
              'context.fields.all || context.fields.names.contains("card_number")',
            ],
          },
        ],
      },
    ]);
    expect(change).toMatchObject({ sentence: 'name field id only' });
  });

  it('of a subtree names the denied location, the forbid and an allowed alternative', async () => {
    const { pairs, change } = await explain(on(entry(['orders-db/*'], ['read'])), ports);
    expect(pairs).toMatchObject([
      { location: 'orders-db/*', place: 'orders-db/broken', verdict: 'policy_error', policies: [{ id: 'overflows' }] },
    ]);
    expect(change?.request.authorization_details).toBeDefined();
    const payments = await explain(on(entry(['orders-db/payments/*'], ['read'])), ports);
    expect(payments.pairs).toMatchObject([
      { place: 'orders-db/payments', verdict: 'forbidden', policies: [{ id: 'no-card-numbers' }] },
    ]);
  });

  it.each<[string, RequestParameters, string]>([
    [
      'a shorter lifetime',
      { ...on(entry(['orders-db/shipments'], ['write'])), expires_in: 301 },
      'ask for 5m instead of 301s',
    ],
    ['another audience', { ...on(entry(['orders-db/x'], ['read'])), audience: 'x' }, 'ask for audience orders-db'],
    ['some fields', on(entry(['crm/customers'], ['read'])), 'name fields id, country only'],
    ['fewer fields', on(entry(['crm/customers'], ['read'], ['id', 'name'])), 'name field id only'],
    ['one action', on(entry(['orders-db/orders'], ['read', 'write'])), 'ask for read only'],
    ['fewer pairs', on(entry(['orders-db/orders'], ['read']), entry(['hr/x'], ['read'])), 'leave out read hr/x'],
    ['a reason', on(entry(['legal/x'], ['read'])), 'give a reason'],
    ['another action', on(entry(['orders-db/orders'], ['write'])), 'ask for read instead of write'],
    ['a shorter lifetime for a role', { scope: 'role:deployer', expires_in: 900 }, 'ask for 5m instead of 15m'],
  ])('suggests requesting %s', async (_, request, sentence) => {
    const { allowed, change } = await explain(request, ports);
    expect([allowed, change?.sentence]).toEqual([false, sentence]);
  });

  it('suggests nothing if no request would be allowed under the circumstances', async () => {
    const { pairs, change } = await explain(on(entry(['hr/x'], ['read'])), ports);
    expect(pairs[0]?.near_misses).toMatchObject([
      { id: 'reads-at-the-office', missed: [{ part: 'condition', text: 'context.networks.contains("office")' }] },
    ]);
    expect(change).toBeUndefined();
  });

  it.each([
    ['nobody', undefined],
    ['own', 'team'],
  ])('explains why the role %s cannot be assumed', async (role, lacks) => {
    const { denial, pairs, ...rest } = await explain({ scope: `role:${role}`, audience: 'orders-db' }, ports);
    expect([denial, rest.lacks]).toEqual(['role_unavailable', lacks]);
    expect(pairs).toEqual([{ action: 'assume', role, verdict: 'not_permitted', policies: [] }]);
  });

  it('names the external authorizer that denied the request, and calls it only a few times', async () => {
    let calls = 0;
    const never: ExternalAuthorizer = {
      name: 'night-watch',
      allows: async (questions) => {
        calls += 1;
        return questions.map(() => false);
      },
    };
    const { denial, pairs } = await explain(on(entry(['orders-db/orders'], ['read'])), deciding(bundle, [never]));
    expect(denial).toBe('further_condition');
    expect(pairs).toMatchObject([{ verdict: 'refused_by_condition', refused_by: ['night-watch'] }]);
    expect(calls).toBeLessThan(5);
  });
});

describe('an explanation for the workload itself', () => {
  it('names no policy for other workloads, no file, and no condition on the workload', async () => {
    const denied = await explain(on(entry(['orders-db/orders'], ['write'])), ports, 'workload');
    expect(denied.pairs[0]?.near_misses?.map(({ id }) => id)).toEqual(['reads-orders', 'writes-shipments']);
    const forbidden = await explain(on(entry(['orders-db/payments'], ['read'])), ports, 'workload');
    expect(forbidden.pairs[0]?.policies).toEqual([
      { id: 'no-card-numbers', conditions: ['context.fields.all || context.fields.names.contains("card_number")'] },
    ]);
    expect(JSON.stringify([denied, forbidden])).not.toMatch(/reports|principal\.|\.cedar/);
  });

  it('is the same for a role that it may not assume and for a role that does not exist', async () => {
    const [admin, own, nobody] = await Promise.all(
      ['admin', 'own', 'nobody'].map(async (role) => {
        const explained = await explain({ scope: `role:${role}`, audience: 'a' }, ports, 'workload');
        return JSON.stringify(explained).replaceAll(role, 'ROLE');
      }),
    );
    expect(admin).toBe(nobody);
    expect(own).toBe(nobody);
  });

  it('names the obstacles to a role that it could assume at another time or for a shorter lifetime', async () => {
    const { pairs, change } = await explain({ scope: 'role:deployer', expires_in: 900 }, ports, 'workload');
    expect(pairs[0]).toMatchObject({
      action: 'assume',
      near_misses: [{ id: 'deployers-deploy', missed: [{ text: 'context.lifetime <= 300' }] }],
    });
    expect(change?.request).toEqual({ scope: 'role:deployer', expires_in: 300 });
  });

  it('names no external authorizer', async () => {
    const never = { name: 'night-watch', allows: async (questions: readonly unknown[]) => questions.map(() => false) };
    const explained = await explain(on(entry(['orders-db/orders'], ['read'])), deciding(bundle, [never]), 'workload');
    expect(explained.pairs[0]?.verdict).toBe('refused_by_condition');
    expect(JSON.stringify(explained)).not.toContain('night-watch');
  });
});

describe('the status of the subject', () => {
  const request = on(entry(['orders-db/orders'], ['read']));
  const held = { at: circumstances.time, by: 'security.team', until: circumstances.time + 60_000 };
  const blocked_until = new Date(held.until).toISOString();

  it('denies a request that policies allow while the workload is blocked', async () => {
    const ports = deciding(bundle);
    await ports.subjectStatuses.block(SUBJECT, held);
    expect(await explain(request, ports, 'workload')).toMatchObject({
      allowed: false,
      denial: 'subject_blocked',
      blocked_until,
      pairs: [{ verdict: 'allowed' }],
    });
    const later = { ...circumstances, time: held.until };
    const outcome = await explainToken(request, callerOf(SUBJECT), later, 'workload', rules, ports);
    expect(outcome).toMatchObject({ kind: 'explained', explanation: { allowed: true } });
    expect(outcome).not.toHaveProperty('explanation.blocked_until');
  });

  it('is reported together with the policy that denies the request', async () => {
    const ports = deciding(bundle);
    await ports.subjectStatuses.block(SUBJECT, held);
    const denied = on(entry(['orders-db/orders'], ['write']));
    expect(await explain(denied, ports, 'workload')).toMatchObject({ allowed: false, denial: 'policy', blocked_until });
  });

  it('shortens the token if the lifetime is limited', async () => {
    const ports = deciding(bundle);
    await ports.subjectStatuses.limit(SUBJECT, { ...held, lifetime: 60 });
    expect(await explain(request, ports, 'workload')).toMatchObject({ allowed: true, expires_in: 60 });
  });
});

it('reports an invalid request as a bad request', async () => {
  const outcome = await explainToken(
    { ...on(entry(['a'], ['read'])), expires_in: 3601 },
    callerOf(SUBJECT),
    circumstances,
    'workload',
    rules,
    ports,
  );
  expect(outcome).toMatchObject({ kind: 'bad_request', bad: { field: 'expires_in' } });
});

describe('over generated policies and requests', () => {
  const met = { allowed: 0, denied: 0, changes: 0, verdicts: new Set<string>(), decided: 0 };

  it('explanations agree with issuing, suggestions are allowed, and nothing leaks', { timeout: 300_000 }, async () => {
    const pairs = fc.tuple(requests, fc.constantFrom(...SUBJECTS));
    await fc.assert(
      fc.asyncProperty(worlds, fc.array(pairs, { minLength: 30, maxLength: 30 }), async (world, all) => {
        const ports = deciding(world.bundle);
        for (const [at, [request, subject]] of all.entries()) {
          const decision = await decideToken(request, callerOf(subject), circumstances, rules, ports);
          if (decision.kind === 'bad_request') throw new Error('a bad request');
          const reader = at % 2 === 0 ? 'operator' : 'workload';
          const explained = await explain(request, ports, reader, subject);
          met.decided += 1;
          met[decision.kind] += 1;

          // The explanation agrees with issuing.
          const vended = decision.kind === 'allowed' ? decision : undefined;
          expect(explained.allowed).toBe(vended !== undefined);
          expect(explained.expires_in).toBe(vended?.lifetime);
          expect(explained.authorization_details).toEqual(vended?.decision.granted);
          if (reader === 'operator' && decision.itemDecisions.length > 0) {
            const verdicts = decision.itemDecisions.map(({ allowed, forbids, errors }) => {
              if (allowed) return 'allowed';
              if (forbids.length > 0) return 'forbidden';
              return errors.length > 0 ? 'policy_error' : 'not_permitted';
            });
            expect(explained.pairs.map(({ verdict }) => verdict)).toEqual(verdicts);
            for (const verdict of verdicts) met.verdicts.add(verdict);
          }

          // The suggested request is allowed.
          const { change } = explained;
          if (change !== undefined) {
            met.changes += 1;
            const changed = await decideToken(change.request, callerOf(subject), circumstances, rules, ports);
            expect(changed.kind, change.sentence).toBe('allowed');
            expect(change.parameters.length).toBeGreaterThan(0);
          }

          // A workload learns nothing about policies for other workloads.
          if (reader === 'operator') continue;
          const text = JSON.stringify(explained);
          for (const other of SUBJECTS) if (other !== subject) expect(text).not.toContain(other);
          for (const { concerns, marks } of world.policies) {
            if (concerns(subject)) continue;
            for (const mark of marks) expect(text).not.toMatch(new RegExp(`${mark}\\b`));
          }
          expect(text).not.toMatch(/principal|\.cedar/);
        }
      }),
      { numRuns: 70 },
    );
    expect(met.decided).toBeGreaterThanOrEqual(2_000);
    expect(met.allowed).toBeGreaterThan(20);
    expect(met.denied).toBeGreaterThan(500);
    expect(met.changes).toBeGreaterThan(200);
    expect([...met.verdicts].sort()).toEqual(['allowed', 'forbidden', 'not_permitted', 'policy_error']);
  });

  it('a role that may not be assumed looks like a role that does not exist', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(worlds, fc.constantFrom(...SUBJECTS), async (world, subject) => {
        const ports = deciding(world.bundle);
        const grants = world.policies.filter(
          ({ text, concerns }) => text.includes('permit (') && text.includes('Role::') && concerns(subject),
        );
        const [role = ''] = ROLES;
        if (grants.some(({ text }) => text.includes(`Role::"${role}"`))) return;
        const [real, none] = await Promise.all(
          [role, 'nobody'].map(async (name) =>
            JSON.stringify(
              await explain({ scope: `role:${name}`, audience: 'db' }, ports, 'workload', subject),
            ).replaceAll(name, 'ROLE'),
          ),
        );
        expect(real).toBe(none);
      }),
      { numRuns: 100 },
    );
  });
});
