import { createHash } from 'node:crypto';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { tokenClaims } from '../../../contract/token.ts';
import { auditEvent } from '../../../core/audit-event.ts';
import type { FurtherCondition } from '../../../core/further-condition.ts';
import { issueToken } from '../../../core/issue-token.ts';
import type { TokenRecord } from '../../../core/token-record.ts';
import { asking, from, ISSUER, machine, POLICIES, rules, SUBJECT } from '../../fakes/machine.ts';
import { policyBundle } from '../../fakes/policies.ts';

const down = async () => {
  throw new Error('down');
};

describe('issueToken', () => {
  it.each([
    'ES256',
    'ES384',
    'RS256',
  ] as const)('vends a token that jose verifies, signed with %s', async (algorithm) => {
    const tvm = await machine(algorithm);
    const outcome = await issueToken(asking({ expires_in: 600 }), from, rules, tvm);
    if (outcome.kind !== 'issued') throw new Error(outcome.kind);

    const { payload } = await jwtVerify(outcome.token, createLocalJWKSet(await tvm.keys.jwks()), {
      issuer: ISSUER,
      audience: 'orders-db',
      typ: 'at+jwt',
      algorithms: [algorithm],
      currentDate: new Date(tvm.clock.now()),
    });
    expect(tokenClaims.parse(payload)).toEqual({
      iss: ISSUER,
      sub: SUBJECT,
      aud: 'orders-db',
      client_id: SUBJECT,
      iat: 1767268800,
      nbf: 1767268800,
      exp: 1767269400,
      jti: outcome.tokenId,
      authorization_details: [{ type: 'resource', locations: ['orders-db/orders'], actions: ['read'] }],
      policy: tvm.policies.bundle.hash.slice(0, 12),
    });
    expect(decodeProtectedHeader(outcome.token)).toEqual({
      alg: algorithm,
      typ: 'at+jwt',
      kid: (await tvm.signer.key()).keyId,
    });
  });

  it('records what it vends: everything but the token', async () => {
    const tvm = await machine();
    const outcome = await issueToken(asking({ reason: 'nightly report' }), from, rules, tvm);
    if (outcome.kind !== 'issued') throw new Error(outcome.kind);

    const record = tvm.records.states.get(outcome.tokenId);
    expect(record).toMatchObject({
      status: 'issued',
      subject: SUBJECT,
      account: '111122223333',
      session: 'i-0abc',
      audience: 'orders-db',
      lifetime: 900,
      reason: 'nightly report',
      sourceIp: '203.0.113.7',
      requestId: 'request-1',
      policies: ['reads-orders'],
      policyBundle: tvm.policies.bundle.hash,
      decidedAt: tvm.clock.now(),
      expiresAt: 1767269700_000,
      ttl: 1767269700 + 86_400,
    });
    const signingInput = outcome.token.split('.').slice(0, 2).join('.');
    expect(record).toHaveProperty('signedDigest', createHash('sha256').update(signingInput).digest());
    expect(JSON.stringify(record)).not.toContain(outcome.token.split('.')[2]);
  });

  it('stays under 1,000 bytes with one read and one write entry under ES256, and 1,200 under RS256', async () => {
    const request = asking({
      expires_in: 300,
      authorization_details: [
        { type: 'resource', locations: ['orders-db/orders'], actions: ['read'], fields: ['id', 'status'] },
        { type: 'resource', locations: ['orders-db/shipments'], actions: ['write'] },
      ],
    });
    const api = { ...rules, issuer: 'https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/v1' };
    for (const [algorithm, bytes] of [
      ['ES256', 1_000],
      ['RS256', 1_200],
    ] as const) {
      const outcome = await issueToken(request, from, api, await machine(algorithm));
      if (outcome.kind !== 'issued') throw new Error(outcome.kind);
      expect(outcome.token.length).toBeLessThan(bytes);
    }
  });

  it('denies all when policy denies one pair, and records which policy forbade it', async () => {
    const tvm = await machine();
    const request = asking({
      authorization_details: [
        { type: 'resource', locations: ['orders-db/orders', 'orders-db/payments'], actions: ['read'] },
      ],
    });
    expect(await issueToken(request, from, rules, tvm)).toMatchObject({ kind: 'denied', denial: 'policy' });
    expect([...tvm.records.states.values()]).toMatchObject([
      { status: 'denied', denial: 'policy', policies: ['no-card-numbers'], subject: SUBJECT },
    ]);
  });

  it('denies and records identities whose name is the caller’s own choice', async () => {
    const tvm = await machine();
    for (const userArn of ['arn:aws:iam::111122223333:root', 'arn:aws:sts::111122223333:federated-user/any']) {
      const outcome = await issueToken(asking(), { ...from, userArn }, rules, tvm);
      expect(outcome).toMatchObject({ kind: 'denied', denial: 'unsupported_identity' });
    }
    expect([...tvm.records.states.values()].map((record) => record.status)).toEqual(['denied', 'denied']);
  });

  it('refuses a lifetime beyond the maximum before anything is decided', async () => {
    const tvm = await machine();
    const outcome = await issueToken(asking({ expires_in: 3601 }), from, rules, tvm);
    expect(outcome).toEqual({
      kind: 'bad_request',
      bad: { field: 'expires_in', problem: 'must be at most 3600 seconds' },
    });
    expect(tvm.records.states.size).toBe(0);
  });

  it('vends no token that it could not take back', async () => {
    const tvm = await machine();
    const long = (n: number) => `orders-db/${`${n}`.padStart(3, '0')}${'x'.repeat(200)}`;
    const details = [
      {
        type: 'resource' as const,
        locations: Array.from({ length: 40 }, (_, n) => long(n)),
        actions: ['read' as const],
      },
    ];
    const outcome = await issueToken(asking({ authorization_details: details }), from, rules, tvm);
    expect(outcome).toMatchObject({ kind: 'bad_request', bad: { field: 'authorization_details' } });
    expect(tvm.records.states.size).toBe(0);
  });

  it('records of a part what was asked for, and what kept the rest from it', async () => {
    const tvm = await machine(
      'ES256',
      policyBundle(`${POLICIES} @id("errs") forbid (principal, action, resource in Resource::"orders-db/stock")
        when { context.lifetime * 9223372036854775807 > 0 };`),
    );
    const requested = [
      {
        type: 'resource' as const,
        locations: ['orders-db/orders', 'orders-db/stock', 'orders-db/risky'],
        actions: ['read' as const],
      },
    ];
    const conditions: FurtherCondition[] = [
      { name: 'risk', allows: async (questions) => questions.map(({ resource }) => resource.id !== 'orders-db/risky') },
    ];
    const request = asking({ authorization_details: requested, grant: 'partial' });
    const outcome = await issueToken(request, from, rules, { ...tvm, conditions });
    expect(outcome).toMatchObject({ kind: 'issued', authorizationDetails: [{ locations: ['orders-db/orders'] }] });
    const [record] = tvm.records.states.values();
    const kept = { requested, policyErrors: ['errs'], conditions: ['risk'] };
    expect(record).toMatchObject({ status: 'issued', ...kept });
    expect(auditEvent(undefined, record as TokenRecord, 'event-1')?.detail).toMatchObject(kept);
  });

  it('records what could not be decided, whatever the fault', async () => {
    const tvm = await machine();
    const policies = {
      ...tvm.policies,
      judge: () => {
        throw new Error('out of bounds');
      },
    };
    await expect(issueToken(asking(), from, rules, { ...tvm, policies })).rejects.toThrow('out of bounds');
    expect([...tvm.records.states.values()]).toMatchObject([{ status: 'denied', denial: 'undecided' }]);
  });

  it('lets no token out without a record', async () => {
    const tvm = await machine();
    const records = { ...tvm.records, put: down };
    await expect(issueToken(asking(), from, rules, { ...tvm, records })).rejects.toThrow('down');
  });

  it('turns the record to failed when the signature fails', async () => {
    const tvm = await machine();
    const signer = { ...tvm.signer, sign: down };
    await expect(issueToken(asking(), from, rules, { ...tvm, signer })).rejects.toThrow('down');
    expect([...tvm.records.states.values()]).toMatchObject([{ status: 'failed', failure: 'signing_failed' }]);
  });

  it('lets no token out when the watermark cannot be read', async () => {
    const tvm = await machine();
    const watermarks = { ...tvm.watermarks, get: down };
    await expect(issueToken(asking(), from, rules, { ...tvm, watermarks })).rejects.toThrow('down');
    expect([...tvm.records.states.values()]).toMatchObject([{ status: 'failed', failure: 'watermark_unreadable' }]);
  });

  it('lets no token out when its subject is revoked at the same moment, and vends again afterwards', async () => {
    const tvm = await machine();
    await tvm.watermarks.raise(SUBJECT, tvm.clock.now());
    expect(await issueToken(asking(), from, rules, tvm)).toMatchObject({ kind: 'denied', denial: 'subject_revoked' });
    expect([...tvm.records.states.values()]).toMatchObject([{ status: 'failed', failure: 'subject_revoked' }]);

    tvm.clock.time += 1;
    expect(await issueToken(asking(), from, rules, tvm)).toMatchObject({ kind: 'issued' });
  });

  it('signs, records and reads the watermark at the same time', async () => {
    const tvm = await machine();
    const begun: string[] = [];
    let release = () => {};
    const all = new Promise<void>((resolve) => {
      release = resolve;
    });
    const begin = async (name: string) => {
      if (begun.push(name) === 3) release();
      await all;
    };
    await issueToken(asking(), from, rules, {
      ...tvm,
      signer: { ...tvm.signer, sign: async (message) => begin('sign').then(() => tvm.signer.sign(message)) },
      records: { ...tvm.records, put: () => begin('put') },
      watermarks: { ...tvm.watermarks, get: () => begin('get').then(() => undefined) },
    });
    expect(begun.sort()).toEqual(['get', 'put', 'sign']);
  });
});
