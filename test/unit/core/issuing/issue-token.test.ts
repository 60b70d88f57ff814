import { createHash } from 'node:crypto';
import { tokenClaims } from '@tvm/contract/token.ts';
import { auditEvent } from '@tvm/core/audit/audit-event.ts';
import type { ExternalAuthorizer } from '@tvm/core/external-authorizers/external-authorizer.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import type { TokenRecord } from '@tvm/core/records/token-record.ts';
import { indexEntries, isPartlyIndexed } from '@tvm/core/records/token-selector.ts';
import { statusListUri } from '@tvm/core/status-lists/status-list.ts';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { asking, from, ISSUER, inMemoryService, POLICIES, rules, SUBJECT } from '#test/fakes/in-memory-service.ts';
import { policyBundle } from '#test/fakes/policies.ts';

const down = async () => {
  throw new Error('down');
};

describe('issueToken', () => {
  it.each([
    'ES256',
    'ES384',
    'RS256',
  ] as const)('issues a token that jose verifies, signed with %s', async (algorithm) => {
    const tvm = await inMemoryService(algorithm);
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
      status: { status_list: { idx: 0, uri: statusListUri(ISSUER, 1) } },
      policy: tvm.policies.bundle.hash.slice(0, 12),
    });
    expect(decodeProtectedHeader(outcome.token)).toEqual({
      alg: algorithm,
      typ: 'at+jwt',
      kid: (await tvm.signer.key()).keyId,
    });
  });

  it('records everything about an issued token except the token itself', async () => {
    const tvm = await inMemoryService();
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
      statusList: { list: 1, index: 0 },
      size: outcome.token.length,
      ttl: 1767269700 + 86_400,
    });
    const signingInput = outcome.token.split('.').slice(0, 2).join('.');
    expect(record).toHaveProperty('signedDigest', createHash('sha256').update(signingInput).digest());
    expect(JSON.stringify(record)).not.toContain(outcome.token.split('.')[2]);
  });

  it('stays under 1,300 bytes with one read and one write entry, status and obligations', async () => {
    const request = asking({
      expires_in: 300,
      authorization_details: [
        { type: 'resource', locations: ['orders-db/orders'], actions: ['read'], fields: ['id', 'status'] },
        { type: 'resource', locations: ['orders-db/shipments'], actions: ['write'] },
      ],
    });
    const api = { ...rules, issuer: 'https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/v1' };
    const statusIndexes = { take: async () => ({ list: 12, index: 1_048_575 }) };
    const obliging = policyBundle(
      POLICIES.replaceAll('permit (', '@network("office") @window("working-hours") @single_use permit ('),
      {
        'networks.yaml': 'office: { cidrs: [203.0.113.0/24] }',
        'windows.yaml': 'time_zone: UTC\nwindows: { working-hours: { weekdays: [mon], from: "08:00", to: "17:00" } }',
      },
    );
    for (const [algorithm, bundle, bytes] of [
      ['ES256', policyBundle(POLICIES), 1_100],
      ['ES256', obliging, 1_200],
      ['RS256', obliging, 1_500],
    ] as const) {
      const outcome = await issueToken(request, from, api, {
        ...(await inMemoryService(algorithm, bundle)),
        statusIndexes,
      });
      if (outcome.kind !== 'issued') throw new Error(outcome.kind);
      expect(decodeJwt(outcome.token).obligations !== undefined).toBe(bundle === obliging);
      expect(outcome.token.length).toBeLessThan(bytes);
    }
  });

  it('denies the whole request if policy denies one pair, and records which policy forbade it', async () => {
    const tvm = await inMemoryService();
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

  it('denies and records identities whose name the caller chooses', async () => {
    const tvm = await inMemoryService();
    for (const userArn of ['arn:aws:iam::111122223333:root', 'arn:aws:sts::111122223333:federated-user/any']) {
      const outcome = await issueToken(asking(), { ...from, userArn }, rules, tvm);
      expect(outcome).toMatchObject({ kind: 'denied', denial: 'unsupported_identity' });
    }
    expect([...tvm.records.states.values()].map((record) => record.status)).toEqual(['denied', 'denied']);
  });

  it('rejects a lifetime above the maximum before any decision', async () => {
    const tvm = await inMemoryService();
    const outcome = await issueToken(asking({ expires_in: 3601 }), from, rules, tvm);
    expect(outcome).toEqual({
      kind: 'bad_request',
      bad: { field: 'expires_in', problem: 'must be at most 3600 seconds' },
    });
    expect(tvm.records.states.size).toBe(0);
  });

  it('issues no token that it could not revoke', async () => {
    const tvm = await inMemoryService();
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

  it('records for a partial grant the requested permissions and the failed policies', async () => {
    const tvm = await inMemoryService(
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
    const conditions: ExternalAuthorizer[] = [
      { name: 'risk', allows: async (requests) => requests.map(({ resource }) => resource.id !== 'orders-db/risky') },
    ];
    const request = asking({ authorization_details: requested, grant: 'partial' });
    const outcome = await issueToken(request, from, rules, { ...tvm, conditions });
    expect(outcome).toMatchObject({ kind: 'issued', authorizationDetails: [{ locations: ['orders-db/orders'] }] });
    const [record] = tvm.records.states.values();
    const expected = { requested, policyErrors: ['errs'], conditions: ['risk'] };
    expect(record).toMatchObject({ status: 'issued', ...expected });
    const change = { kind: 'record' as const, record: record as TokenRecord };
    expect(auditEvent(undefined, change, 'event-1')?.detail).toMatchObject(expected);
  });

  it('records a request as undecided after any error', async () => {
    const tvm = await inMemoryService();
    const policies = {
      ...tvm.policies,
      evaluate: () => {
        throw new Error('out of bounds');
      },
    };
    await expect(issueToken(asking(), from, rules, { ...tvm, policies })).rejects.toThrow('out of bounds');
    expect([...tvm.records.states.values()]).toMatchObject([{ status: 'denied', denial: 'undecided' }]);
  });

  it('issues no token without a record', async () => {
    const tvm = await inMemoryService();
    const records = { ...tvm.records, put: down };
    await expect(issueToken(asking(), from, rules, { ...tvm, records })).rejects.toThrow('down');
  });

  it('marks the record as failed if signing fails', async () => {
    const tvm = await inMemoryService();
    const signer = { ...tvm.signer, sign: down };
    await expect(issueToken(asking(), from, rules, { ...tvm, signer })).rejects.toThrow('down');
    expect([...tvm.records.states.values()]).toMatchObject([{ status: 'failed', failure: 'signing_failed' }]);
  });

  it('issues no token if the subject status cannot be read', async () => {
    const tvm = await inMemoryService();
    const subjectStatuses = { ...tvm.subjectStatuses, get: down };
    await expect(issueToken(asking(), from, rules, { ...tvm, subjectStatuses })).rejects.toThrow('down');
    expect([...tvm.records.states.values()]).toMatchObject([{ status: 'failed', failure: 'standing_unreadable' }]);
  });

  it('issues no token if its subject is revoked at the same moment, and issues tokens again afterwards', async () => {
    const tvm = await inMemoryService();
    await tvm.subjectStatuses.raise(SUBJECT, tvm.clock.now());
    expect(await issueToken(asking(), from, rules, tvm)).toMatchObject({ kind: 'denied', denial: 'subject_revoked' });
    expect([...tvm.records.states.values()]).toMatchObject([{ status: 'failed', failure: 'subject_revoked' }]);

    tvm.clock.time += 1;
    expect(await issueToken(asking(), from, rules, tvm)).toMatchObject({ kind: 'issued' });
  });

  it('issues no token to a blocked subject until the block expires', async () => {
    const tvm = await inMemoryService();
    const until = tvm.clock.time + 60_000;
    await tvm.subjectStatuses.block(SUBJECT, { until, at: tvm.clock.time, by: 'security.team' });
    expect(await issueToken(asking(), from, rules, tvm)).toMatchObject({ kind: 'denied', denial: 'subject_blocked' });
    expect([...tvm.records.states.values()]).toMatchObject([{ status: 'failed', failure: 'subject_blocked' }]);

    tvm.clock.time = until;
    expect(await issueToken(asking(), from, rules, tvm)).toMatchObject({ kind: 'issued' });
  });

  it('issues a shorter token with a record of its own to a limited subject', async () => {
    const tvm = await inMemoryService();
    const until = tvm.clock.time + 60_000;
    await tvm.subjectStatuses.limit(SUBJECT, { until, at: tvm.clock.time, by: 'tvm:anomalies', lifetime: 60 });
    const outcome = await issueToken(asking(), from, rules, tvm);
    if (outcome.kind !== 'issued') throw new Error(outcome.kind);
    expect(outcome.lifetime).toBe(60);
    const { iat = 0, exp = 0, jti } = decodeJwt(outcome.token);
    expect([exp - iat, jti]).toEqual([60, outcome.tokenId]);
    expect([...tvm.records.states.values()]).toMatchObject([
      { status: 'failed', failure: 'subject_limited', lifetime: 900, statusList: { index: 0 } },
      { status: 'issued', tokenId: outcome.tokenId, lifetime: 60, ttl: iat + 60 + 86_400, statusList: { index: 1 } },
    ]);

    expect(await issueToken(asking({ expires_in: 60 }), from, rules, tvm)).toMatchObject({ lifetime: 60 });
    expect(tvm.records.states.size).toBe(3);
    tvm.clock.time = until;
    expect(await issueToken(asking(), from, rules, tvm)).toMatchObject({ lifetime: 900 });
  });

  it('uses neither a signature nor a status list index for a refused subject that keeps sending requests', async () => {
    const tvm = await inMemoryService();
    const costs = { signatures: 0, places: 0 };
    const { sign } = tvm.signer;
    const { take } = tvm.statusIndexes;
    const ports = {
      ...tvm,
      signer: {
        ...tvm.signer,
        sign: (message: Parameters<typeof sign>[0]) => {
          costs.signatures++;
          return sign(message);
        },
      },
      statusIndexes: {
        take: () => {
          costs.places++;
          return take();
        },
      },
    };
    const until = tvm.clock.time + 3_600_000;
    await tvm.subjectStatuses.block(SUBJECT, { until, at: tvm.clock.time, by: 'security.team' });
    for (let count = 0; count < 40; count++) {
      tvm.clock.time += 9_000;
      const outcome = await issueToken(asking(), from, rules, ports);
      expect(outcome).toMatchObject({ kind: 'denied', denial: 'subject_blocked' });
    }
    expect(costs).toEqual({ signatures: 1, places: 1 });
    const statuses = [...tvm.records.states.values()].map(({ status }) => status);
    expect(statuses).toEqual(['failed', ...Array(39).fill('denied')]);

    // The status of another subject is not read before signing. Nor is the status of this subject once it is unblocked
    // and evicted.
    const other = { ...from, userArn: from.userArn.replace('orders-service', 'other') };
    await issueToken(asking(), other, rules, ports);
    await tvm.subjectStatuses.unblock(SUBJECT, { at: tvm.clock.time, by: 'operator' });
    expect(await issueToken(asking(), from, rules, ports)).toMatchObject({ kind: 'issued' });
    expect(costs).toEqual({ signatures: 2, places: 2 });
  });

  it('records the requested permissions of a request that is refused before signing, also for a partial grant', async () => {
    const tvm = await inMemoryService();
    const details = [
      { type: 'resource' as const, locations: ['orders-db/orders', 'lake/raw'], actions: ['read' as const] },
    ];
    const partial = asking({ authorization_details: details, grant: 'partial' });
    await tvm.subjectStatuses.block(SUBJECT, {
      until: tvm.clock.time + 60_000,
      at: tvm.clock.time,
      by: 'security.team',
    });
    for (let count = 0; count < 2; count++) await issueToken(partial, from, rules, tvm);
    const [, denial] = tvm.records.states.values();
    expect(denial).toMatchObject({ status: 'denied', denial: 'subject_blocked', authorizationDetails: details });
    expect(denial).not.toHaveProperty('requested');
  });

  it('limits a limited subject that keeps sending requests before signing', async () => {
    const tvm = await inMemoryService();
    const until = tvm.clock.time + 60_000;
    await tvm.subjectStatuses.limit(SUBJECT, { until, at: tvm.clock.time, by: 'tvm:anomalies', lifetime: 60 });
    for (let count = 0; count < 3; count++)
      expect(await issueToken(asking(), from, rules, tvm)).toMatchObject({ kind: 'issued', lifetime: 60 });
    const records = [...tvm.records.states.values()].map(({ status, lifetime }) => [status, lifetime]);
    expect(records).toEqual([['failed', 900], ...Array(3).fill(['issued', 60])]);
  });

  it('records a request as undecided if the subject status must be read before signing and cannot be read', async () => {
    const tvm = await inMemoryService();
    tvm.restricted.add(SUBJECT);
    await expect(
      issueToken(asking(), from, rules, { ...tvm, subjectStatuses: { ...tvm.subjectStatuses, get: down } }),
    ).rejects.toThrow('down');
    expect([...tvm.records.states.values()]).toMatchObject([{ status: 'denied', denial: 'undecided' }]);
  });

  it('releases a token whose record is stored 4 seconds after the decision, but none whose record is stored later', async () => {
    const tvm = await inMemoryService();
    const slow = (milliseconds: number) => ({
      ...tvm.records,
      put: async (record: Parameters<typeof tvm.records.put>[0]) => {
        tvm.clock.time += milliseconds;
        await tvm.records.put(record);
      },
    });
    expect(await issueToken(asking(), from, rules, { ...tvm, records: slow(4_000) })).toMatchObject({ kind: 'issued' });
    await expect(issueToken(asking(), from, rules, { ...tvm, records: slow(4_001) })).rejects.toMatchObject({
      name: 'DependencyFault',
    });
    expect([...tvm.records.states.values()]).toMatchObject([
      { status: 'issued' },
      { status: 'failed', failure: 'stored_late' },
    ]);
  });

  it('rejects a token with too many index entries and names their number, and stores few entries for its denial', async () => {
    const tvm = await inMemoryService();
    const deep = (count: number, root: string) => [
      {
        type: 'resource' as const,
        locations: Array.from({ length: count }, (_, nth) => `${root}/${nth}/a/b/c/d/e/f/g/h/i/j/k/l/m/n`),
        actions: ['read' as const],
      },
    ];
    const outcome = await issueToken(asking({ authorization_details: deep(50, 'orders-db') }), from, rules, tvm);
    expect(outcome).toEqual({
      kind: 'bad_request',
      bad: {
        field: 'authorization_details',
        problem:
          'must request less: the token would have 759 index entries, and at most 200 are allowed; each location and each of its ancestors counts as one',
      },
    });
    expect(tvm.records.states.size).toBe(0);
    // 12 locations need 189 entries.
    const narrow = asking({ authorization_details: deep(12, 'orders-db') });
    expect(await issueToken(narrow, from, rules, tvm)).toMatchObject({ kind: 'issued' });

    await issueToken(asking({ authorization_details: deep(50, 'lake') }), from, rules, tvm);
    const denial = [...tvm.records.states.values()].at(-1);
    if (denial?.status !== 'denied') throw new Error(denial?.status);
    expect(indexEntries(denial).length).toBeLessThanOrEqual(20);
    expect(isPartlyIndexed(denial)).toBe(false);
  });

  it('states the task of a token in the token and in its record', async () => {
    const tvm = await inMemoryService();
    const outcome = await issueToken(asking({ task: 'release/v17' }), from, rules, tvm);
    if (outcome.kind !== 'issued') throw new Error(outcome.kind);
    expect(tokenClaims.parse(decodeJwt(outcome.token)).task).toBe('release/v17');
    expect(tvm.records.states.get(outcome.tokenId)).toHaveProperty('task', 'release/v17');
  });

  it.each([
    'ES256',
    'ES384',
    'RS256',
  ] as const)('knows the size of a token before it is signed with %s', async (algorithm) => {
    const tvm = await inMemoryService(algorithm);
    const outcome = await issueToken(asking(), from, rules, tvm);
    if (outcome.kind !== 'issued') throw new Error(outcome.kind);
    expect(tvm.records.states.get(outcome.tokenId)).toHaveProperty('size', Buffer.byteLength(outcome.token));
  });

  it('signs and records nothing if no status list index is available', async () => {
    const tvm = await inMemoryService();
    const statusIndexes = { take: down };
    const signed: unknown[] = [];
    const signer = { ...tvm.signer, sign: async (message: unknown) => Promise.reject(signed.push(message)) };
    await expect(issueToken(asking(), from, rules, { ...tvm, statusIndexes, signer })).rejects.toThrow('down');
    expect([signed, [...tvm.records.states.values()]]).toEqual([[], []]);
  });

  it('signs, records and reads the subject status concurrently', async () => {
    const tvm = await inMemoryService();
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
      subjectStatuses: { ...tvm.subjectStatuses, get: () => begin('get').then(() => ({})) },
    });
    expect(begun.sort()).toEqual(['get', 'put', 'sign']);
  });
});
