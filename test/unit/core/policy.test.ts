import { readdirSync, readFileSync } from 'node:fs';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuthorizationDetail } from '../../../contract/authorization-details.ts';
import { authorizationRequest } from '../../../core/authorization-request.ts';
import { parseCaller } from '../../../core/identity.ts';
import { buildPolicyBundle, PolicyError } from '../../../core/policy-bundle.ts';
import { policyDecisionPoint } from '../../../core/policy-decision-point.ts';
import { from, POLICIES, SUBJECT } from '../../fakes/machine.ts';

const schema = readFileSync('policies/schema.cedarschema', 'utf8');
const caller = parseCaller(from.userArn);
if (caller === undefined) throw new Error('no caller');
const context = { audience: 'orders-db', lifetime: 900, time: Date.UTC(2026, 0, 1), sourceIp: '203.0.113.7' };
const detail = (
  actions: AuthorizationDetail['actions'],
  locations: string[],
  fields?: string[],
): AuthorizationDetail => ({
  type: 'resource',
  actions,
  locations,
  ...(fields && { fields }),
});

describe('policyDecisionPoint', () => {
  const decide = policyDecisionPoint({ policies: POLICIES });

  it('allows what is permitted, naming the policies', () => {
    expect(decide(caller, [detail(['read'], ['orders-db/orders'])], context)).toEqual({
      allowed: true,
      policies: ['reads-orders'],
      policyErrors: [],
    });
    const both = [detail(['read'], ['orders-db/orders']), detail(['write'], ['orders-db/shipments'])];
    expect(decide(caller, both, { ...context, lifetime: 300 }).policies).toEqual(['reads-orders', 'writes-shipments']);
  });

  it('denies what nothing permits', () => {
    const nothing = { allowed: false, policies: [], policyErrors: [] };
    expect(decide(caller, [detail(['write'], ['orders-db/orders'])], context)).toEqual(nothing);
    expect(decide(caller, [detail(['write'], ['orders-db/shipments'])], context)).toEqual(nothing);
    expect(decide({ ...caller, subject: `${SUBJECT}x` }, [detail(['read'], ['orders-db/orders'])], context)).toEqual(
      nothing,
    );
    expect(decide(caller, [detail(['read'], ['orders-db/orders'])], { ...context, audience: 'billing' })).toEqual(
      nothing,
    );
    expect(decide(caller, [detail(['read'], ['orders-dbx/orders'])], context)).toEqual(nothing);
  });

  it('denies all for one pair', () => {
    const details = [detail(['read'], ['orders-db/orders', 'orders-db/payments'], ['id', 'card_number'])];
    expect(decide(caller, details, context)).toMatchObject({ allowed: false, policies: ['no-card-numbers'] });
  });

  it('sees no named field as all fields', () => {
    expect(decide(caller, [detail(['read'], ['orders-db/payments'], ['id'])], context).allowed).toBe(true);
    expect(decide(caller, [detail(['read'], ['orders-db/payments'])], context).allowed).toBe(false);
  });

  it('denies a pair whose policies err, and says which did', () => {
    const overflow = {
      'never-long': 'forbid (principal, action, resource) when { context.lifetime * 9223372036854775807 > 0 };',
    };
    const erring = policyDecisionPoint({ policies: { ...POLICIES, ...overflow } });
    expect(erring(caller, [detail(['read'], ['orders-db/orders'])], context)).toEqual({
      allowed: false,
      policies: [],
      policyErrors: ['never-long'],
    });
  });

  it('denies when the source address is none', () => {
    expect(() =>
      decide(caller, [detail(['read'], ['orders-db/orders'])], { ...context, sourceIp: 'unknown' }),
    ).toThrow();
  });

  it('decides as Cedar does that is told every fact, whatever the policies read', () => {
    const conditions = [
      'when { context.lifetime <= 300 }',
      'unless { context.audience == "orders-db" }',
      'when { context.fields.all || context.fields.names.contains("id") }',
      'when { context["fields"]["names"].containsAll(["id"]) }',
      'when { context has time && context.time < datetime("2027-01-01") }',
      'when { context has "sourceIp" && context.sourceIp.isInRange(ip("203.0.113.0/24")) }',
      'when { context["\\u{74}ime"] > datetime("2025-01-01") }',
      'when { principal.name == "orders-service" }',
      'unless { principal has session && principal.session == "i-0abc" }',
      'when { principal.account like "1111*" && principal["kind"] == "role" } // context',
      'unless { context // in two lines\n .lifetime > 300 }',
      'when { resource in Resource::"orders-db" }',
      'when { context == context }',
    ];
    const policy = fc.tuple(fc.constantFrom('permit', 'forbid'), fc.subarray(conditions, { maxLength: 3 }));
    const request = fc.record({
      lifetime: fc.constantFrom(300, 900),
      audience: fc.constantFrom('orders-db', 'billing'),
      fields: fc.constantFrom<string[] | undefined>(undefined, ['id'], ['status']),
      session: fc.constantFrom(undefined, 'i-0abc', 'i-1def'),
    });
    fc.assert(
      fc.property(
        fc.array(policy, { minLength: 1, maxLength: 4 }),
        request,
        (set, { lifetime, audience, fields, session }) => {
          const text = (effect: string, when: string[]) =>
            `${effect} (principal, action, resource) ${when.join('\n')}\n;`;
          const policies = Object.fromEntries(set.map(([effect, when], index) => [`p${index}`, text(effect, when)]));
          const { session: _, ...anyone } = caller;
          const asker = { ...anyone, ...(session && { session }) };
          const asked = { ...context, lifetime, audience };
          const answer = cedar.isAuthorized({
            ...authorizationRequest(asker, 'read', 'orders-db/orders', fields, asked),
            policies: { staticPolicies: policies },
          });
          if (answer.type === 'failure') throw new Error(answer.errors[0]?.message);
          const { decision, diagnostics } = answer.response;
          expect(diagnostics.errors).toEqual([]);
          const decided = policyDecisionPoint({ policies })(
            asker,
            [detail(['read'], ['orders-db/orders'], fields)],
            asked,
          );
          expect(decided.allowed).toBe(decision === 'allow');
          expect(decided.policies.toSorted()).toEqual(diagnostics.reason.toSorted());
        },
      ),
      { numRuns: 500 },
    );
  });

  it('asks Cedar in the terms of the schema', () => {
    const session = caller;
    const { session: _, ...user } = { ...caller, kind: 'user' as const };
    for (const asker of [session, user]) {
      for (const fields of [undefined, ['id']]) {
        const answer = cedar.isAuthorized({
          ...authorizationRequest(asker, 'read', 'orders-db/orders', fields, context),
          policies: { staticPolicies: POLICIES },
          schema,
          validateRequest: true,
        });
        expect(answer).toMatchObject({ type: 'success', response: { decision: 'allow' } });
      }
    }
  });
});

describe('buildPolicyBundle', () => {
  const build = (text: string) => buildPolicyBundle(schema, [{ name: 'policies/a.cedar', text }]);
  const permit = 'permit (principal, action, resource)';

  it('takes the policies of this repository', () => {
    const files = readdirSync('policies').filter((name) => name.endsWith('.cedar'));
    const bundle = buildPolicyBundle(
      schema,
      files.map((name) => ({ name, text: readFileSync(`policies/${name}`, 'utf8') })),
    );
    expect(Object.keys(bundle.policies)).toContain('orders-service-reads-orders');
  });

  it.each([
    ['a syntax error, with its line', '\n\npermit (principal', /^policies\/a\.cedar:3: unexpected end of input/],
    ['no @id', `${permit};`, /must have an @id/],
    ['an empty @id', `@id("") ${permit};`, /must have an @id/],
    ['an @id twice', `@id("a") ${permit}; @id("a") ${permit};`, /the @id "a" is taken/],
    [
      'an attribute that the schema lacks',
      `@id("a") ${permit} when { context.colour == "red" };`,
      /attribute `colour`.*not found/,
    ],
    ['a type that the schema lacks', `@id("a") permit (principal is Robot, action, resource);`, /impossible/],
    ['a policy that can never apply', `@id("a") ${permit} when { false };`, /impossible/],
    ['a template', '@id("a") permit (principal == ?principal, action, resource);', /templates are not supported/],
  ])('refuses %s', (_, text, message) => {
    expect(() => build(text)).toThrow(PolicyError);
    expect(() => build(text)).toThrow(message);
  });

  it('tells all that is wrong at once', () => {
    const files = [
      { name: 'a.cedar', text: 'permit (' },
      { name: 'b.cedar', text: `${permit};` },
    ];
    expect(() => buildPolicyBundle(schema, files)).toThrow(/a\.cedar:1: [^\n]*\nb\.cedar: /);
  });
});
