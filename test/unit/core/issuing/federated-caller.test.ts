import { auditEvents } from '@tvm/contract/events.ts';
import { limits } from '@tvm/contract/limits.ts';
import { tokenLifeResponse } from '@tvm/contract/token-list.ts';
import { auditEvent } from '@tvm/core/audit/audit-event.ts';
import { explainToken } from '@tvm/core/explain/explain-token.ts';
import { type FederatedCaller, namedCaller } from '@tvm/core/identity/caller.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { indexTokens } from '@tvm/core/records/index-tokens.ts';
import type { TokenRecord } from '@tvm/core/records/token-record.ts';
import { indexEntries } from '@tvm/core/records/token-selector.ts';
import { revokeOwnToken } from '@tvm/core/revocation/revoke-own-token.ts';
import { tokenLife } from '@tvm/core/tokens-view/token-life.ts';
import { introspectToken } from '@tvm/core/verification/introspect-token.ts';
import { readRecord } from '@tvm/gate/policies/records/read-records.ts';
import { replayBy } from '@tvm/gate/policies/records/replay.ts';
import { decodeJwt } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { asking, from, inMemoryService, rules } from '#test/fakes/in-memory-service.ts';
import { policyBundle, SCHEMA } from '#test/fakes/policies.ts';

const PRODUCTION = 'principal has claims.environment && principal.claims.environment == "production"';
const bundle = (condition = PRODUCTION) =>
  policyBundle(
    `@id("reads") permit (principal in Trust::"github", action == Action::"read", resource in Resource::"orders-db")
     when { ${condition} };`,
    { 'schema.cedarschema': SCHEMA },
  );

const federated: FederatedCaller = {
  kind: 'federated',
  subject: 'github:repo:1296269',
  trust: 'github',
  claims: { repository_id: '1296269', environment: 'production' },
  chosenClaims: { head_ref: 'patch-1' },
  session: 'run-7',
};
const request = { federated, sourceIp: from.sourceIp, requestId: 'request-2' };

let tvm: Awaited<ReturnType<typeof inMemoryService>>;
beforeEach(async () => {
  tvm = await inMemoryService('ES256', bundle());
});

async function issue(caller = federated) {
  const outcome = await issueToken(asking(), { ...request, federated: caller }, rules, tvm);
  if (outcome.kind !== 'issued') throw new Error(outcome.kind);
  await indexTokens([outcome.tokenId], tvm);
  return outcome;
}

function recordOf(tokenId: string): TokenRecord {
  const record = tvm.records.states.get(tokenId);
  if (record === undefined) throw new Error('no record');
  return record;
}

function eventOf(tokenId: string) {
  const event = auditEvent(undefined, { kind: 'record', record: recordOf(tokenId) }, 'a'.repeat(32));
  if (event === undefined) throw new Error('no event');
  return auditEvents[event.detailType].strict().parse(event.detail);
}

const KEPT = {
  subject: federated.subject,
  account: '',
  session: 'run-7',
  claims: federated.claims,
  chosenClaims: federated.chosenClaims,
};

describe('a federated workload', () => {
  it('gets a token with its subject, and its record and event keep its claims', async () => {
    const { token, tokenId } = await issue();
    expect(decodeJwt(token)).toMatchObject({ sub: federated.subject, client_id: federated.subject });
    expect(recordOf(tokenId)).toMatchObject({ status: 'issued', ...KEPT });
    expect(eventOf(tokenId)).toMatchObject(KEPT);
    const ports = { ...tvm, traces: { of: async () => ({ introspections: [], facts: [], more: false }) } };
    const life = await tokenLife(tokenId, rules.issuer, ports);
    if (life.kind !== 'life') throw new Error(life.kind);
    expect(tokenLifeResponse.strict().parse(life.life)).toMatchObject({
      subject: federated.subject,
      account: '',
      workload: 'run-7',
      claims: federated.claims,
      chosen_claims: federated.chosenClaims,
    });
  });

  it('is denied without the claims that policy requires, and its record keeps those that it has', async () => {
    const claims = { environment: 'test' };
    const outcome = await issueToken(asking(), { ...request, federated: { ...federated, claims } }, rules, tvm);
    if (outcome.kind !== 'denied') throw new Error(outcome.kind);
    expect(recordOf(outcome.tokenId)).toMatchObject({ ...KEPT, status: 'denied', denial: 'policy', claims });
    expect(eventOf(outcome.tokenId)).toMatchObject({ ...KEPT, claims });
  });

  it('is blocked, revoked and introspected by its subject', async () => {
    const { token } = await issue();
    const resourceServers = { [from.userArn.replace(/sts(.*)assumed-role(.*)\/.*/, 'iam$1role$2')]: ['orders-db'] };
    const introspect = () => introspectToken(token, from.userArn, { issuer: rules.issuer, resourceServers }, tvm);
    expect(await introspect()).toMatchObject({ active: true, sub: federated.subject });
    await tvm.subjectStatuses.raise(federated.subject, tvm.clock.now());
    expect(await introspect()).toEqual({ active: false });
    expect(await issueToken(asking(), request, rules, tvm)).toMatchObject({
      kind: 'denied',
      denial: 'subject_revoked',
    });
  });

  it('revokes its own token, and no other workload does', async () => {
    const { tokenId } = await issue();
    const revoke = (subject: string) => revokeOwnToken({ token_id: tokenId }, subject, 'order-1', rules, tvm);
    expect(await revoke('github:repo:1')).toEqual({ kind: 'not_own_token' });
    expect(await revoke(federated.subject)).toEqual({ kind: 'revoked' });
    expect(recordOf(tokenId)).toMatchObject({ status: 'revoked', revokedBy: federated.subject });
  });

  it('has index keys that no value of another dimension or shard can equal', async () => {
    const { tokenId } = await issue();
    const entries = indexEntries(recordOf(tokenId));
    expect(entries).toContainEqual({ dimension: 'subject', value: federated.subject });
    expect(entries).toContainEqual({ dimension: 'workload', value: 'run-7' });
    expect(entries.filter(({ value }) => value.includes('#'))).toEqual([]);
  });

  it('has the same decision when its event is replayed, and another one with other policies', async () => {
    const { tokenId } = await issue();
    const record = readRecord(JSON.stringify(eventOf(tokenId)));
    if (record.kind !== 'issued') throw new Error(JSON.stringify(record));
    expect(await replayBy(bundle())(record)).toEqual({ evaluated: true, assumed: [] });
    const stricter = `${PRODUCTION} && principal has claims.ref_protected && principal.claims.ref_protected == "true"`;
    expect(await replayBy(bundle(stricter))(record)).toMatchObject({
      evaluated: true,
      change: { subject: federated.subject, was: 'issued', now: 'would be denied: no policy permits it' },
    });
  });

  it('is explained to operators with the claims of its record', async () => {
    const circumstances = { time: tvm.clock.now(), sourceIp: from.sourceIp };
    const explain = async (claims: FederatedCaller['claims']) => {
      const caller = namedCaller(federated.subject, { claims });
      if (caller === undefined) throw new Error('no caller');
      return explainToken(asking(), caller, circumstances, 'operator', rules, tvm);
    };
    expect(await explain(federated.claims)).toMatchObject({
      explanation: { allowed: true, subject: federated.subject },
    });
    expect(await explain({})).toMatchObject({
      explanation: {
        allowed: false,
        pairs: [
          { near_misses: [{ id: 'reads', missed: [{ part: 'condition', text: 'principal has claims.environment' }] }] },
        ],
      },
    });
  });

  it('has a record of bounded size', async () => {
    const texts = Array.from({ length: 15 }, (_, n) => [`c${n}`, 'x'.repeat(limits.claimLength)] as const);
    const { tokenId } = await issue({ ...federated, claims: { ...federated.claims, ...Object.fromEntries(texts) } });
    expect(JSON.stringify(recordOf(tokenId)).length).toBeLessThan(limits.claimsLength + 3_000);
    expect(eventOf(tokenId)).toBeDefined();
  });
});

it('a caller that nobody requests with now has only what its kind has', () => {
  const known = { session: 's', organization: 'o-1', claims: { a: 'b' } };
  expect(namedCaller('github:a', known)).toEqual({
    kind: 'federated',
    subject: 'github:a',
    trust: 'github',
    session: 's',
    claims: { a: 'b' },
  });
  expect(namedCaller('github:a')).toMatchObject({ claims: {} });
  expect(namedCaller('arn:aws:iam::111122223333:role/a', known)).toEqual({
    kind: 'role',
    subject: 'arn:aws:iam::111122223333:role/a',
    account: '111122223333',
    name: 'a',
    session: 's',
    organization: 'o-1',
  });
  expect(namedCaller('nobody', known)).toBeUndefined();
});
