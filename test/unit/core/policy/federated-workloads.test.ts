import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { Claims } from '@tvm/contract/claims.ts';
import type { FederatedCaller } from '@tvm/core/identity/caller.ts';
import { cedarRequest } from '@tvm/core/policy/authorization-request.ts';
import { readPolicies } from '@tvm/core/policy/build-bundle.ts';
import { conclude, policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import { policyInsight } from '@tvm/core/policy/near-misses.ts';
import { requestContext } from '@tvm/core/policy/request-context.ts';
import { assumeRole } from '@tvm/core/policy/roles.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AWS_SCHEMA, policyBundle, policyFiles, SCHEMA } from '#test/fakes/policies.ts';

const SUBJECT = 'github:repo:1296269';
const WITH_TRUST = { 'schema.cedarschema': SCHEMA };
const ON_PRICES = 'action == Action::"read", resource == Resource::"catalog/prices"';
const context = { audience: 'catalog', lifetime: 300, time: Date.UTC(2026, 0, 5, 12), sourceIp: '203.0.113.7' };
const prices = {
  details: [{ type: 'resource' as const, locations: ['catalog/prices'], actions: ['read' as const] }],
  partial: false,
};

function workload(claims: Claims = {}, change: Partial<FederatedCaller> = {}): FederatedCaller {
  return { kind: 'federated', subject: SUBJECT, trust: 'github', claims, ...change };
}

function allows(bundle: ReturnType<typeof policyBundle>, caller: FederatedCaller): boolean {
  return conclude(policyDecisionPoint(bundle).evaluate(caller, prices, context), prices, bundle).allowed;
}

function bundleOf(permit: string, others: Record<string, string> = {}) {
  return policyBundle(`@id("a") ${permit};`, { ...WITH_TRUST, ...others });
}

const flawsOf = (files: ReturnType<typeof policyFiles>) =>
  readPolicies(files).flaws.map(({ rule, message }) => `${rule}: ${message}`);

describe('a permit', () => {
  it.each([
    ['its entry', `permit (principal in Trust::"github", ${ON_PRICES})`, true],
    ['its entry in a condition', `permit (principal, ${ON_PRICES}) when { principal in Trust::"github" }`, true],
    [
      'one of several entries',
      `permit (principal, ${ON_PRICES}) when { principal in [Trust::"a", Trust::"github"] }`,
      true,
    ],
    ['its type and entry', `permit (principal is Workload in Trust::"github", ${ON_PRICES})`, true],
    ['its subject', `permit (principal == Workload::"${SUBJECT}", ${ON_PRICES})`, true],
    ['another entry', `permit (principal in Trust::"gitlab", ${ON_PRICES})`, false],
    ['another subject', `permit (principal == Workload::"github:repo:1", ${ON_PRICES})`, false],
    ['an account', `permit (principal, ${ON_PRICES}) when { principal.account == "111122223333" }`, false],
    [
      'an entry of a named workload',
      `permit (principal in Trust::"github", ${ON_PRICES}) when { Workload::"gitlab:a" in Trust::"gitlab" }`,
      true,
    ],
    [
      'a wrong entry of a named workload',
      `permit (principal in Trust::"github", ${ON_PRICES}) when { Workload::"gitlab:a" in Trust::"github" }`,
      false,
    ],
  ])('that names %s decides about a federated workload', (_, permit, allowed) => {
    expect(allows(bundleOf(permit), workload())).toBe(allowed);
  });

  it('reads claims, and none of them is an attribute of the workload', () => {
    const when = (condition: string) =>
      bundleOf(`permit (principal in Trust::"github", ${ON_PRICES}) when { ${condition} }`);
    const ofClaim = when('principal has claims.environment && principal.claims.environment == "production"');
    const ofOperator = when('principal has environment && principal.environment == "production"');
    expect(allows(ofClaim, workload({ environment: 'production' }))).toBe(true);
    expect(allows(ofClaim, workload({ environment: 'test' }))).toBe(false);
    expect(allows(ofClaim, workload())).toBe(false);
    expect(allows(ofOperator, workload({ environment: 'production' }))).toBe(false);
  });

  it('of an AWS account does not admit a workload whose claims repeat the attributes of AWS', () => {
    const bundle = bundleOf(
      `permit (principal, ${ON_PRICES}) when { principal.account == "1" && principal.name == "a" }`,
    );
    expect(allows(bundle, workload({ account: '1', name: 'a', kind: 'role' }))).toBe(false);
  });
});

describe('an operator’s attribute', { timeout: 60_000 }, () => {
  const names = ['environment', 'team', 'account', 'name', 'kind', 'session', 'organization'];
  const values = fc.constantFrom('production', 'test', 'orders', '1', 'role');
  const claims = fc.dictionary(fc.constantFrom(...names, 'repository_id'), values);
  const attribute = fc.constantFrom('environment', 'team');
  const condition = fc.oneof(
    fc.tuple(attribute, values).map(([name, value]) => `principal has ${name} && principal.${name} == "${value}"`),
    fc.tuple(attribute, values).map(([name, value]) => `!(principal has ${name} && principal.${name} == "${value}")`),
    fc
      .tuple(attribute, attribute)
      .map(([one, other]) => `principal has ${one} && resource has ${other} && principal.${one} == resource.${other}`),
    fc
      .tuple(fc.constantFrom('account', 'name', 'kind'), values)
      .map(([name, value]) => `principal.${name} == "${value}"`),
    fc
      .tuple(fc.constantFrom('session', 'organization'), values)
      .map(([name, value]) => `principal has ${name} && principal.${name} == "${value}"`),
  );
  const operator = fc.record({ environment: values, team: values }, { requiredKeys: [] });

  it('is never satisfied by a claim, and fills no placeholder from a claim', () => {
    let allowed = 0;
    fc.assert(
      fc.property(condition, operator, operator, claims, claims, (when, own, ofResource, some, others) => {
        const bundle = bundleOf(`permit (principal in Trust::"github", ${ON_PRICES}) when { ${when} }`, {
          'workloads.yaml': JSON.stringify({ [SUBJECT]: own }),
          'resources.yaml': JSON.stringify({ catalog: ofResource }),
          'roles.yaml': 'r: { authorization_details: [{ locations: ["db/{subject.team}"], actions: [read] }] }',
        });
        const decision = allows(bundle, workload());
        allowed += decision ? 1 : 0;
        // Neither claims nor what the caller chooses changes a decision that reads no claims.
        expect(allows(bundle, workload(some, { chosenClaims: others, session: 'orders' }))).toBe(decision);
        expect(assumeRole(bundle, 'r', workload(some, { chosenClaims: others }))).toEqual(
          assumeRole(bundle, 'r', workload()),
        );
      }),
      { numRuns: 200 },
    );
    expect(allowed).toBeGreaterThan(10);
  });

  it('never satisfies a condition on a claim, and neither does a claim that the caller chose', () => {
    fc.assert(
      fc.property(operator, claims, fc.constantFrom('production', 'test'), (own, chosenClaims, value) => {
        const when = `principal has claims.environment && principal.claims.environment == "${value}"`;
        const bundle = bundleOf(`permit (principal in Trust::"github", ${ON_PRICES}) when { ${when} }`, {
          'workloads.yaml': JSON.stringify({ [SUBJECT]: own }),
          'roles.yaml': 'r: { authorization_details: [{ locations: ["db/{claims.environment}"], actions: [read] }] }',
        });
        expect(allows(bundle, workload({}, { chosenClaims }))).toBe(false);
        expect(allows(bundle, workload({ environment: value }, { chosenClaims }))).toBe(true);
        expect(assumeRole(bundle, 'r', workload({}, { chosenClaims }))).toEqual({
          kind: 'not_fillable',
          attribute: 'claims.environment',
        });
      }),
      { numRuns: 100 },
    );
  });
});

describe('a role', () => {
  const roles = (location: string) => ({
    'roles.yaml': `r: { authorization_details: [{ locations: ["${location}"], actions: [read] }] }`,
  });
  const take = (location: string, caller: FederatedCaller) =>
    assumeRole(policyBundle('', { ...WITH_TRUST, ...roles(location) }), 'r', caller);

  it('is filled with the claims of the workload', () => {
    expect(take('repos/{claims.repository_id}/*', workload({ repository_id: '1296269' }))).toMatchObject({
      kind: 'assumed',
      authorizationDetails: [{ locations: ['repos/1296269/*'] }],
    });
  });

  it.each([
    ['lacks the claim', 'repos/{claims.repository_id}', {}],
    ['would reach elsewhere', 'repos/{claims.repository_id}', { repository_id: '../x' }],
    ['would reach everything', 'repos/{claims.repository_id}', { repository_id: '*' }],
    ['has a list', 'repos/{claims.repository_id}', { repository_id: ['1'] }],
    ['has the claim only in its prototype', 'repos/{claims.environment}', Object.create({ environment: 'x' })],
    ['has no account', 'accounts/{subject.account}', { account: '1' }],
    ['has no name', 'names/{subject.name}', { name: 'a' }],
  ])('cannot be assumed by a workload that %s', (_, location, claims) => {
    expect(take(location, workload(claims))).toMatchObject({ kind: 'not_fillable' });
  });

  it.each([
    ['{claims.unknown}', /^policy\/data-file: r must not contain \{claims\.unknown\}: schema\.cedarschema declares no/],
    ['{chosenClaims.head_ref}', /must not contain \{chosenClaims\.head_ref\}: a placeholder is/],
    ['{claims.a.b}', /must not contain \{claims\.a\.b\}: a placeholder is/],
    ['{subject.session}', /must not contain \{subject\.session\}/],
  ])('must not have the placeholder %s', (placeholder, message) => {
    expect(flawsOf(policyFiles('', { ...WITH_TRUST, ...roles(`repos/${placeholder}`) }))).toEqual([
      expect.stringMatching(message),
    ]);
  });
});

describe('synthesis refuses a permit that may match federated workloads without naming them', () => {
  const flaws = (text: string, schema = SCHEMA) =>
    flawsOf(policyFiles(`@id("a") ${text};`, { 'schema.cedarschema': schema }));

  it.each([
    ['of everything', 'permit (principal, action, resource)'],
    ['of a type', `permit (principal is Workload, ${ON_PRICES})`],
    ['for an audience', `permit (principal, ${ON_PRICES}) when { context.audience == "catalog" }`],
    [
      'on a resource',
      `permit (principal, action == Action::"read", resource) when { resource has team && resource.team == "a" }`,
    ],
    [
      'by a claim alone',
      `permit (principal, ${ON_PRICES}) when { principal has claims.environment && principal.claims.environment == "p" }`,
    ],
    ['by having claims', `permit (principal, ${ON_PRICES}) when { principal has claims }`],
    ['outside of an entry', `permit (principal, ${ON_PRICES}) unless { principal in Trust::"github" }`],
    [
      'inside of an entry or at an audience',
      `permit (principal, ${ON_PRICES}) when { principal in Trust::"github" || context.audience == "c" }`,
    ],
    ['without a session', `permit (principal, ${ON_PRICES}) unless { principal has session }`],
    ['without a team', `permit (principal, ${ON_PRICES}) unless { principal has team }`],
    ['of another account', `permit (principal, ${ON_PRICES}) when { principal.account != "111122223333" }`],
    ['by a pattern that the empty text matches', `permit (principal, ${ON_PRICES}) when { principal.name like "*" }`],
    [
      'with a choice',
      `permit (principal, ${ON_PRICES}) when { if context.lifetime < 5 then principal.account == "1" else true }`,
    ],
    [
      'of a named workload’s team',
      `permit (principal, ${ON_PRICES}) when { Workload::"${SUBJECT}" has team && Workload::"${SUBJECT}".team == "a" }`,
    ],
    ['of a role', 'permit (principal, action == Action::"assume", resource) when { context.lifetime < 5 }'],
  ])('%s', (_, text) => {
    expect(flaws(text)).toEqual([
      expect.stringMatching(/^policy\/any-trust: "a" permits federated workloads of every trust entry; name/),
    ]);
    expect(flaws(text.replace('permit', 'forbid'))).toEqual([]);
  });

  it.each([
    ['that names an entry', `permit (principal in Trust::"github", ${ON_PRICES})`],
    [
      'that names an entry in a condition',
      `permit (principal, ${ON_PRICES}) when { principal in Trust::"github" && context.lifetime < 5 }`,
    ],
    ['that names a workload', `permit (principal == Workload::"${SUBJECT}", ${ON_PRICES})`],
    ['that names workloads', `permit (principal, ${ON_PRICES}) when { [Workload::"${SUBJECT}"].contains(principal) }`],
    ['by an account', `permit (principal, ${ON_PRICES}) when { principal.account == "111122223333" }`],
    ['by a name', `permit (principal, ${ON_PRICES}) when { principal.name like "orders-*" }`],
    [
      'by the operator’s attribute',
      `permit (principal, ${ON_PRICES}) when { principal has team && principal.team == "orders" }`,
    ],
    [
      'by equal teams',
      `permit (principal, ${ON_PRICES}) when { principal has team && resource has team && principal.team == resource.team }`,
    ],
    ['of AWS workloads', `permit (principal, ${ON_PRICES}) unless { principal.kind == "federated" }`],
    [
      'by an organization',
      `permit (principal, ${ON_PRICES}) when { principal has organization && principal.organization == "o-1" }`,
    ],
  ])('but not one %s', (_, text) => expect(flaws(text)).toEqual([]));

  it('unless the schema has no trust entries, so that existing directories stay valid', () => {
    expect(flaws('permit (principal, action, resource)', AWS_SCHEMA)).toEqual([]);
  });
});

describe('the schema', () => {
  it('accepts the authorization requests of federated workloads', () => {
    const bundle = bundleOf(`permit (principal in Trust::"github", ${ON_PRICES})`);
    const item = { action: 'read' as const, location: 'catalog/prices' };
    const everything = { reads: new Set(['*']), entities: new Map() };
    const told = { ...context, behaviour: { issued: 1, denied: 2, active: 3 } };
    const given: Claims[] = [{}, { repository_id: '1', environment: 'production', ref_protected: 'true' }];
    for (const claims of given) {
      const answer = cedar.isAuthorized({
        ...cedarRequest(bundle, requestContext(bundle), workload(claims), item, told, everything),
        policies: { staticPolicies: 'permit (principal in Trust::"github", action, resource);' },
        schema: SCHEMA,
        validateRequest: true,
      });
      expect(answer).toMatchObject({ type: 'success', response: { decision: 'allow' } });
    }
  });

  it.each([
    ['claims that are required', 'claims?: {', 'claims: {', 'Workload.claims must be an optional record'],
    ['claims of another type', /claims\?: \{[^}]*\}/, 'claims?: String', 'Workload.claims must be an optional record'],
    [
      'a claim that is required',
      'repository_id?: String',
      'repository_id: String',
      'Workload.claims.repository_id must be optional',
    ],
    [
      'a claim of a type that no proof has',
      'repository_id?: String',
      'repository_id?: datetime',
      'Workload.claims.repository_id must be a String',
    ],
    [
      'a nested claim',
      'repository_id?: String',
      'repository_id?: { a?: String }',
      'Workload.claims.repository_id must be a String',
    ],
    [
      'attributes of trust entries',
      'entity Trust;',
      'entity Trust = { tier?: String };',
      'Trust.tier must not be declared',
    ],
    ['trust entries in others', 'entity Trust;', 'entity Trust in [Trust];', 'Trust must not be in Trust'],
    ['trust entries in resources', 'entity Trust;', 'entity Trust in [Resource];', 'Trust must not be in Resource'],
    [
      'resources in trust entries',
      'entity Resource in [Resource]',
      'entity Resource in [Resource, Trust]',
      'Resource must not be in Trust',
    ],
  ])('must not declare %s', (_, from, to, message) => {
    const schema = SCHEMA.replace(from, to);
    expect(schema).not.toBe(SCHEMA);
    expect(flawsOf(policyFiles('', { 'schema.cedarschema': schema }))).toEqual([
      expect.stringContaining(`policy/schema: ${message}`),
    ]);
  });

  it('gives claims the types of a proof, also by name', () => {
    const schema = SCHEMA.replace('entity Trust;', 'type Id = String;\nentity Trust;').replace(
      'repository_id?: String,',
      'repository_id?: Id, run?: Long, protected?: Bool, groups?: Set<Id>,',
    );
    expect(policyBundle('', { 'schema.cedarschema': schema }).claims).toEqual({
      repository_id: 'String',
      run: 'Long',
      protected: 'Bool',
      groups: 'Set<String>',
      environment: 'String',
      ref_protected: 'String',
    });
    expect(policyBundle('')).not.toHaveProperty('claims');
  });

  it.each([
    [
      'an entry of a reserved name',
      'forbid (principal in Trust::"https", action, resource)',
      'Trust::"https": must be a name',
    ],
    [
      'an entry in upper case',
      'forbid (principal in Trust::"GitHub", action, resource)',
      'Trust::"GitHub": must be a name',
    ],
    [
      'a subject in another spelling',
      'forbid (principal == Workload::"github:%41", action, resource)',
      'Workload::"github:%41": must be the ARN',
    ],
    [
      'claims of a named workload',
      `forbid (principal, action, resource) when { Workload::"${SUBJECT}" has claims }`,
      `claims of Workload::"${SUBJECT}", which is known only for principal`,
    ],
    [
      'a claim that it does not declare',
      'forbid (principal, action, resource) when { principal has claims && principal.claims.unknown == "a" }',
      'unknown',
    ],
  ])('allows no policy to name %s', (_, text, message) => {
    expect(flawsOf(policyFiles(`@id("a") ${text};`, WITH_TRUST))).toEqual([expect.stringContaining(message)]);
  });
});

it('explains to a federated workload the policies of its entry only, and no condition on its claims', () => {
  const bundle = policyBundle(
    `@id("of-github") permit (principal in Trust::"github", ${ON_PRICES})
     when { principal has claims.environment && principal.claims.environment == "production" };
     @id("for-the-audience") permit (principal in Trust::"github", ${ON_PRICES}) when { context.audience == "other" };
     @id("of-gitlab") permit (principal in Trust::"gitlab", ${ON_PRICES});`,
    WITH_TRUST,
  );
  const inquiry = { caller: workload(), item: { action: 'read' as const, location: 'catalog/prices' }, context };
  const nearest = (reader: 'workload' | 'operator') =>
    policyInsight(bundle)
      .nearest(inquiry, reader, 9)
      .map(({ id }) => id);
  expect(nearest('workload')).toEqual(['for-the-audience']);
  expect(nearest('operator').toSorted()).toEqual(['for-the-audience', 'of-github', 'of-gitlab']);
});
