import { auditEvents } from '@tvm/contract/events.ts';
import { accessOf, auditEvent } from '@tvm/core/audit/audit-event.ts';
import { explainToken } from '@tvm/core/explain/explain-token.ts';
import { parseCaller } from '@tvm/core/identity/caller.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { decideToken } from '@tvm/core/issuing/token-decision.ts';
import { readPolicies } from '@tvm/core/policy/build-bundle.ts';
import { countsAsWrite } from '@tvm/core/policy/bundle.ts';
import { listedToken } from '@tvm/core/tokens-view/listed-token.ts';
import { readCases } from '@tvm/gate/policies/cases/case-file.ts';
import { runCases } from '@tvm/gate/policies/cases/run-cases.ts';
import { comparePolicies } from '@tvm/gate/policies/change/compare.ts';
import { checkPolicies } from '@tvm/gate/policies/check-policies.ts';
import { describe, expect, it } from 'vitest';
import { asking, from, inMemoryService, rules, SUBJECT } from '#test/fakes/in-memory-service.ts';
import { AWS_SCHEMA, policyBundle, policyFiles } from '#test/fakes/policies.ts';

const APPLIES = 'appliesTo { principal: Workload, resource: Resource, context: Circumstances };';
const WITH_ACTIONS = {
  'schema.cedarschema': `${AWS_SCHEMA}\n@counts("write")\naction deploy ${APPLIES}\naction call ${APPLIES}\n`,
};

const permit = (action: string, more = '') =>
  `@id("${action}s") permit (principal == Workload::"${SUBJECT}", action == Action::"${action}", resource in Resource::"db") ${more};`;
const POLICIES = ['read', 'write', 'deploy', 'call'].map((action) => permit(action)).join('\n');
const details = (actions: string[], locations = ['db/a']) => [{ type: 'resource' as const, locations, actions }];

async function service(policies = POLICIES, others: Record<string, string> = {}) {
  return inMemoryService('ES256', policyBundle(policies, { ...WITH_ACTIONS, ...others }));
}

async function decide(actions: string[], policies = POLICIES, others: Record<string, string> = {}, change = {}) {
  const caller = parseCaller(from.userArn);
  if (caller === undefined) throw new Error('no caller');
  const request = { ...asking({ audience: 'db', authorization_details: details(actions) }), ...change };
  return decideToken(request, caller, { time: 0, sourceIp: from.sourceIp }, rules, await service(policies, others));
}

describe('an action that the schema declares', () => {
  it.each(['read', 'write', 'deploy', 'call'])('%s is decided by policy', async (action) => {
    expect(await decide([action])).toMatchObject({ kind: 'allowed', decision: { policies: [`${action}s`] } });
    expect(
      await decide([action], permit('other'.replace('other', action === 'read' ? 'write' : 'read'))),
    ).toMatchObject({
      kind: 'denied',
      denial: 'policy',
    });
  });

  it('that counts as a write gives a token of the shorter lifetime, any other does not', async () => {
    expect(await decide(['deploy'])).toMatchObject({ lifetime: rules.defaultWriteLifetime });
    expect(await decide(['read', 'deploy'])).toMatchObject({ lifetime: rules.defaultWriteLifetime });
    expect(await decide(['call'])).toMatchObject({ lifetime: rules.defaultLifetime });
  });

  it('is granted in part like any other', async () => {
    const decision = await decide(['read', 'deploy'], permit('read'), {}, { grant: 'partial' });
    expect(decision).toMatchObject({ kind: 'allowed', decision: { granted: details(['read']) } });
  });

  it('is recorded, and `access` of its events and of lists says whether it writes', async () => {
    const tvm = await service();
    const issue = async (actions: string[]) => {
      const outcome = await issueToken(
        asking({ audience: 'db', authorization_details: details(actions) }),
        from,
        rules,
        tvm,
      );
      if (outcome.kind !== 'issued') throw new Error(outcome.kind);
      const record = tvm.records.states.get(outcome.tokenId);
      if (record === undefined) throw new Error('no record');
      const event = auditEvent(undefined, { kind: 'record', record }, 'a'.repeat(32));
      const { access } = auditEvents['Token Issued'].strict().parse(event?.detail);
      expect(accessOf(record)).toBe(access);
      expect(listedToken(record, 0, rules.issuer).type).toBe(access);
      return { access, writeActions: record.writeActions };
    };
    expect(await issue(['read'])).toEqual({ access: 'read', writeActions: undefined });
    expect(await issue(['read', 'write'])).toEqual({ access: 'read-write', writeActions: undefined });
    expect(await issue(['call'])).toEqual({ access: 'read', writeActions: undefined });
    expect(await issue(['call', 'read'])).toEqual({ access: 'read', writeActions: undefined });
    expect(await issue(['deploy'])).toEqual({ access: 'write', writeActions: ['deploy'] });
    expect(await issue(['call', 'deploy'])).toEqual({ access: 'read-write', writeActions: ['deploy'] });
    expect(await issue(['deploy', 'write'])).toEqual({ access: 'write', writeActions: ['deploy'] });
  });

  it('may be a grant of a role', async () => {
    const roles = {
      'roles.yaml': 'r: { audience: db, authorization_details: [{ locations: [db/a], actions: [deploy] }] }',
    };
    const assume = `@id("assumes") permit (principal == Workload::"${SUBJECT}", action == Action::"assume", resource == Role::"r");`;
    const change = { authorization_details: undefined, scope: 'role:r' };
    expect(await decide([], `${POLICIES}\n${assume}`, roles, change)).toMatchObject({
      kind: 'allowed',
      lifetime: rules.defaultWriteLifetime,
      decision: { granted: details(['deploy']) },
    });
  });

  it('is what an explanation suggests, if it is allowed instead', async () => {
    const caller = parseCaller(from.userArn);
    if (caller === undefined) throw new Error('no caller');
    const request = asking({ audience: 'db', authorization_details: details(['read']) });
    const outcome = await explainToken(
      request,
      caller,
      { time: 0, sourceIp: '203.0.113.7' },
      'workload',
      rules,
      await service(permit('call')),
    );
    expect(outcome).toMatchObject({
      explanation: { allowed: false, change: { sentence: 'ask for call instead of read' } },
    });
  });
});

describe('an action that the schema does not declare', () => {
  it('is refused with the actions that it declares', async () => {
    const bad = { field: 'authorization_details[0].actions[1]', problem: 'must be call, deploy, read or write' };
    expect(await decide(['read', 'delete'])).toEqual({ kind: 'bad_request', bad });
    const plain = await decide(['delete'], permit('read'), { 'schema.cedarschema': AWS_SCHEMA });
    expect(plain).toEqual({
      kind: 'bad_request',
      bad: { field: 'authorization_details[0].actions[0]', problem: 'must be read or write' },
    });
  });

  it.each(['toString', 'constructor', '__proto__'])('is not a property of every object, such as %s', async (action) => {
    expect(await decide([action])).toMatchObject({ kind: 'bad_request' });
    expect(countsAsWrite(policyBundle(''), action)).toBe(false);
  });

  it('is denied by the decision point although a policy permits every action', async () => {
    const { policies } = await service(`@id("all") permit (principal == Workload::"${SUBJECT}", action, resource);`);
    const caller = parseCaller(from.userArn);
    if (caller === undefined) throw new Error('no caller');
    const context = { audience: 'db', lifetime: 60, time: 0, sourceIp: '203.0.113.7' };
    const allowed = (action: string) =>
      policies.evaluate(caller, { details: details([action]), partial: false }, context).map(({ allowed }) => allowed);
    expect([allowed('deploy'), allowed('delete')]).toEqual([[true], [false]]);
  });

  it.each([
    [
      'a policy',
      permit('delete'),
      {},
      'names Action::"delete", which no request contains; a policy may name only a Workload, a Trust, a Resource, a Role and the actions call, deploy, read, write and assume',
    ],
    [
      'a role',
      '',
      { 'roles.yaml': 'r: { authorization_details: [{ locations: [db], actions: [delete] }] }' },
      'r must not name the action delete: schema.cedarschema declares no such action',
    ],
  ])('is refused in %s', (_, text, others, message) => {
    const { flaws } = readPolicies(policyFiles(text, { ...WITH_ACTIONS, ...others }));
    expect(flaws.map((flaw) => flaw.message)).toContainEqual(expect.stringContaining(message));
  });
});

describe('the ceiling', () => {
  const ceiling = (forbid: string) => ({ 'ceiling.cedar': `@id("ceiling") ${forbid};` });

  it.each([
    ['in the scope', 'forbid (principal, action == Action::"write", resource in Resource::"db/a")'],
    ['in a list', 'forbid (principal, action in [Action::"write"], resource in Resource::"db/a")'],
    ['in a condition', 'forbid (principal, action, resource in Resource::"db/a") when { action == Action::"write" }'],
  ])('on writes, %s, applies to an action that counts as a write and to no other', async (_, forbid) => {
    expect(await decide(['deploy'], POLICIES, ceiling(forbid))).toMatchObject({
      kind: 'denied',
      decision: { policies: ['ceiling'] },
    });
    expect(await decide(['call'], POLICIES, ceiling(forbid))).toMatchObject({ kind: 'allowed' });
    // A forbid in another file is about the actions that it names.
    const elsewhere = { 'other.cedar': `@id("other") ${forbid};` };
    expect(await decide(['deploy'], POLICIES, elsewhere)).toMatchObject({ kind: 'allowed' });
  });

  it('that cannot be evaluated for writes denies an action that counts as a write', async () => {
    const overflow = ceiling(
      'forbid (principal, action == Action::"write", resource) when { context.lifetime * 9223372036854775807 > 0 }',
    );
    expect(await decide(['deploy'], POLICIES, overflow)).toMatchObject({
      kind: 'denied',
      decision: { policyErrors: ['ceiling'] },
    });
  });

  it('is seen by the gate: a permit of such an action below it is void', () => {
    const permits = permit('deploy', 'when { context.audience == "db" && context.lifetime <= 300 }');
    const rulesOf = (others: Record<string, string>) =>
      checkPolicies(policyFiles(permits, { ...WITH_ACTIONS, ...others })).map(({ rule }) => rule);
    const forbid = 'forbid (principal, action == Action::"write", resource in Resource::"db")';
    const without = rulesOf({});
    expect(rulesOf(ceiling(forbid)).filter((rule) => !without.includes(rule))).toHaveLength(1);
    expect(rulesOf(ceiling(forbid.replace('"write"', '"call"')))).toEqual(without);
  });
});

describe('the gate', () => {
  const rulesOf = (text: string) => checkPolicies(policyFiles(text, WITH_ACTIONS)).map(({ rule }) => rule);

  it('requires a short lifetime of a permit for an action that counts as a write', () => {
    const when = 'when { context.audience == "db" }';
    const exact = (action: string) => permit(action, when).replace('resource in', 'resource ==');
    expect(rulesOf(exact('deploy'))).toEqual(['policy/write-lifetime']);
    expect(rulesOf(exact('call'))).toEqual([]);
  });

  it('reports what a change permits for any declared action', () => {
    const usable = (text: string) => {
      const read = readPolicies(policyFiles(text, WITH_ACTIONS));
      if (read.bundle === undefined) throw new Error(JSON.stringify(read.flaws));
      return { ...read, bundle: read.bundle };
    };
    const { widened, narrowed } = comparePolicies(
      usable(permit('read')),
      usable(`${permit('read')}\n${permit('call')}`),
    );
    expect(widened).toContainEqual(
      expect.objectContaining({ workload: SUBJECT, action: 'call', resource: 'db', of: 'reach' }),
    );
    expect(widened.map(({ action }) => action)).not.toContain('deploy');
    expect(narrowed).toEqual([]);
  });

  it('runs cases of any declared action, and of federated workloads', async () => {
    const run = async (text: string) => {
      const { cases, flaws } = readCases({ name: 'a.test.yaml', text });
      expect(flaws).toEqual([]);
      return (await runCases(policyBundle(POLICIES, WITH_ACTIONS), cases)).results.flatMap(({ faults }) => faults);
    };
    const one = (rest: string) => `- name: a case\n  who: ${SUBJECT}\n${rest}\n`;
    expect(
      await run(
        one(
          '  asks: { deploy: db/a, call: [db/a, db/b], audience: db }\n  expect: allowed\n  token: { deploy: db/a, call: [db/b, db/a], lifetime: 5m }',
        ),
      ),
    ).toEqual([]);
    expect(
      await run(one('  asks: { deploy: db/a, audience: db }\n  expect: allowed\n  token: { deploy: db/b }')),
    ).toEqual([
      expect.stringMatching(/^expected deploy \["db\/b"\], but allowed by "deploys": deploy db\/a for 300 s/),
    ]);
    expect(await run(one('  asks: { delete: db/a, audience: db }\n  expect: denied'))).toEqual([
      'is not a valid request: authorization_details[0].actions[0] must be call, deploy, read or write',
    ]);
  });
});

it.each([
  ['another value of @counts', '@counts("read")', 'call', 'action call: @counts must be "write"'],
  ['@counts without a value', '@counts', 'call', 'action call: @counts must be "write"'],
  ['a name in upper case', '', '"Call"', 'action "Call" must have a name'],
  ['a name with a space', '', '"call it"', 'action "call it" must have a name'],
])('the schema must not have %s', (_, annotation, name, message) => {
  const schema = `${AWS_SCHEMA}\n${annotation}\naction ${name} ${APPLIES}\n`;
  const { flaws } = readPolicies(policyFiles('', { 'schema.cedarschema': schema }));
  expect(flaws.map((flaw) => `${flaw.rule} ${flaw.message}`)).toEqual([
    expect.stringContaining(`policy/schema ${message}`),
  ]);
});

it('the schema must not count assuming a role as a write', () => {
  const schema = AWS_SCHEMA.replace('action assume', '@counts("write")\naction assume');
  const { flaws } = readPolicies(policyFiles('', { 'schema.cedarschema': schema }));
  expect(flaws.map(({ message }) => message)).toEqual([
    'action assume: @counts has an effect only on actions on Resource',
  ]);
});
