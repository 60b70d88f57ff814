import { type TokenListRequest, tokenListRequest, tokenListResponse } from '@tvm/contract/token-list.ts';
import type { TokenIndex, TokenRecords } from '@tvm/core/records/ports.ts';
import type { DeniedRecord, IssuedRecord, TokenRecord } from '@tvm/core/records/token-record.ts';
import { selects } from '@tvm/core/records/token-selector.ts';
import { selectorOf } from '@tvm/core/tokens-view/filter.ts';
import { listTokens } from '@tvm/core/tokens-view/list-tokens.ts';
import { stateOf } from '@tvm/core/tokens-view/listed-token.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inMemoryIndex, inMemoryRecords } from '#test/fakes/in-memory-records.ts';
import { clockAt, ISSUER, SUBJECT } from '#test/fakes/in-memory-service.ts';
import { localMac } from '#test/fakes/tokens-view.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const MINUTE = 60_000;

let ids = 0;
function issued(change: Partial<IssuedRecord> = {}): IssuedRecord {
  const decidedAt = change.decidedAt ?? NOW - MINUTE;
  const id = (++ids).toString(16).padStart(12, '0');
  return {
    status: 'issued',
    tokenId: `00000000-0000-4000-8000-${id}`,
    subject: SUBJECT,
    account: '111122223333',
    session: 'i-0abc',
    audience: 'orders-db',
    authorizationDetails: [{ type: 'resource', locations: ['orders-db/orders'], actions: ['read'] }],
    lifetime: 900,
    sourceIp: '203.0.113.7',
    requestId: 'request-1',
    decidedAt,
    policies: ['reads-orders'],
    policyBundle: 'e'.repeat(64),
    ttl: 0,
    expiresAt: decidedAt + 15 * MINUTE,
    keyId: 'key-1',
    statusList: { list: 1, index: 7 },
    size: 800,
    signedDigest: new Uint8Array(32),
    ...change,
  };
}

function denied(change: Partial<DeniedRecord> = {}): DeniedRecord {
  const { expiresAt, keyId, statusList, size, signedDigest, ...decided } = issued();
  return { ...decided, status: 'denied', denial: 'policy', policies: [], policyErrors: [], ...change };
}

function machineWith(...all: TokenRecord[]) {
  const records = inMemoryRecords();
  const index = inMemoryIndex();
  const add = async (record: TokenRecord) => {
    records.states.set(record.tokenId, record);
    await index.add(record);
  };
  const ready = Promise.all(all.map(add));
  return { records, index, mac: localMac(), clock: clockAt(NOW), add, ready };
}
type Fake = ReturnType<typeof machineWith>;

const request = (members: Partial<TokenListRequest> = {}) => tokenListRequest.parse(members);

async function page(members: Partial<TokenListRequest>, machine: Fake) {
  await machine.ready;
  const outcome = await listTokens(request(members), ISSUER, machine);
  if (outcome.kind !== 'listed') throw new Error(outcome.kind);
  return tokenListResponse.parse(outcome.page);
}

const idsOf = async (members: Partial<TokenListRequest>, machine: Fake) =>
  (await page(members, machine)).tokens.map(({ token_id }) => token_id);

describe('a list of tokens', () => {
  it('has the newest first, including denials, and never contains a token itself', async () => {
    const old = issued({ decidedAt: NOW - 3 * MINUTE });
    const refused = denied({ decidedAt: NOW - 2 * MINUTE });
    const young = issued({ decidedAt: NOW - MINUTE });
    const { tokens, next_cursor } = await page({}, machineWith(refused, young, old));
    expect(tokens.map(({ token_id }) => token_id)).toEqual([young.tokenId, refused.tokenId, old.tokenId]);
    expect(next_cursor).toBeUndefined();
    expect(JSON.stringify(tokens)).not.toMatch(/eyJ|signedDigest|signed_digest/);
  });

  it('shows type, size, permissions, issuer, usage and state', async () => {
    const record = issued({
      authorizationDetails: [{ type: 'resource', locations: ['orders-db/orders'], actions: ['read', 'write'] }],
      role: 'order-clerk',
      task: 'build-17',
      reason: 'nightly report',
    });
    const { tokens } = await page({}, machineWith(record));
    expect(tokens).toMatchObject([
      {
        state: 'active',
        type: 'read-write',
        size: 800,
        authorization_details: record.authorizationDetails,
        issuer: ISSUER,
        usage: 'data access and modification at orders-db as order-clerk for build-17: nightly report',
        lifetime: 900,
        expires_at: '2026-01-01T12:14:00.000Z',
      },
    ]);
  });

  it('derives states from the record and the clock', async () => {
    const active = issued();
    const past = issued({ expiresAt: NOW });
    const expired: TokenRecord = { ...issued({ expiresAt: NOW - MINUTE }), status: 'expired' };
    const revocation = { revokedAt: NOW, revokedBy: 'security.team', revocationReason: 'leaked' };
    const revoked: TokenRecord = { ...issued(), status: 'revoked', ...revocation };
    const failed: TokenRecord = { ...issued(), status: 'failed', failure: 'signing_failed', failedAt: NOW };
    const refused = denied();
    // The block was found only after the record was stored.
    const blocked: TokenRecord = { ...issued(), status: 'failed', failure: 'subject_blocked', failedAt: NOW };
    const machine = machineWith(active, past, expired, revoked, failed, refused, blocked);
    const sorted = async (state: TokenListRequest['state']) => (await idsOf({ state }, machine)).sort();
    expect(await sorted('active')).toEqual([active.tokenId]);
    expect(await sorted('expired')).toEqual([past.tokenId, expired.tokenId].sort());
    expect(await sorted('revoked')).toEqual([revoked.tokenId]);
    expect(await sorted('failed')).toEqual([failed.tokenId]);
    expect(await sorted('denied')).toEqual([refused.tokenId, blocked.tokenId]);
    const listed = (await page({}, machine)).tokens.find(({ token_id }) => token_id === blocked.tokenId);
    expect(listed).toMatchObject({ state: 'denied', denial: 'subject_blocked' });
    expect(listed).not.toHaveProperty('failure');
  });

  it.each<[Partial<TokenListRequest>, Partial<IssuedRecord>]>([
    [{ subject: 'arn:aws:iam::111122223333:user/other' }, { subject: 'arn:aws:iam::111122223333:user/other' }],
    [{ workload: 'i-0def' }, { session: 'i-0def' }],
    [{ task: 'build-17' }, { task: 'build-17' }],
    [{ audience: 'billing' }, { audience: 'billing' }],
    [
      { resource: 'lake/raw/2026' },
      { authorizationDetails: [{ type: 'resource', locations: ['lake/raw/*'], actions: ['read'] }] },
    ],
    [
      { resource: 'lake/*' },
      { authorizationDetails: [{ type: 'resource', locations: ['lake/raw'], actions: ['read'] }] },
    ],
    [
      { action: 'write' },
      { authorizationDetails: [{ type: 'resource', locations: ['orders-db/orders'], actions: ['write'] }] },
    ],
    [{ policy: 'writes-orders' }, { policies: ['reads-orders', 'writes-orders'] }],
    [{ policy_bundle: 'f'.repeat(64) }, { policyBundle: 'f'.repeat(64) }],
    [{ source_ip: '198.51.100.1' }, { sourceIp: '198.51.100.1' }],
    [{ issued_after: '2026-01-01T11:59:00Z' }, { decidedAt: NOW - 30_000 }],
    [{ issued_before: '2026-01-01T11:58:00Z' }, { decidedAt: NOW - 2 * MINUTE }],
    [{ expires_after: '2026-01-01T12:14:00Z' }, { expiresAt: NOW + 14 * MINUTE + 1 }],
    [{ expires_before: '2026-01-01T12:14:00Z' }, { expiresAt: NOW + MINUTE }],
  ])('with the filter %j has only matching tokens', async (members, change) => {
    const meant = issued(change);
    const machine = machineWith(issued(), meant, issued());
    expect(await idsOf(members, machine)).toEqual([meant.tokenId]);
  });

  it('is empty for an empty time range', async () => {
    const machine = machineWith(issued());
    const members = { issued_after: '2026-01-01T12:00:00Z', issued_before: '2026-01-01T11:00:00Z' };
    expect(await page(members, machine)).toEqual({ tokens: [] });
    expect(await page({ state: 'denied', expires_before: '2027-01-01T00:00:00Z' }, machine)).toEqual({ tokens: [] });
  });

  it('reads at most 1,000 records for a page, and returns a cursor to continue', async () => {
    const wanted = issued({ decidedAt: NOW - 20 * MINUTE, expiresAt: NOW + MINUTE });
    const others = Array.from({ length: 1_500 }, (_, index) =>
      issued({ decidedAt: NOW - MINUTE - index, expiresAt: NOW - 1 }),
    );
    const machine = machineWith(wanted, ...others);
    let looked = 0;
    const counting: Fake = {
      ...machine,
      records: {
        ...machine.records,
        getMany: (some) => machine.records.getMany(some).finally(() => (looked += some.length)),
      },
    };
    const first = await page({ state: 'active' }, counting);
    expect(first.tokens).toEqual([]);
    expect(looked).toBe(1_000);
    const second = await page({ state: 'active', cursor: first.next_cursor }, counting);
    expect(second.tokens.map(({ token_id }) => token_id)).toEqual([wanted.tokenId]);
    expect(second.next_cursor).toBeUndefined();
  });
});

describe('the pages of a list', () => {
  const record = fc
    .record({
      age: fc.integer({ min: 0, max: 40 }),
      lifetime: fc.integer({ min: 1, max: 30 }),
      subject: fc.constantFrom(SUBJECT, 'arn:aws:iam::111122223333:user/ci'),
      location: fc.constantFrom('lake/*', 'lake/raw', 'lake/raw/*', 'orders-db/orders'),
      action: fc.constantFrom('read' as const, 'write' as const),
      status: fc.constantFrom('issued', 'issued', 'revoked', 'denied'),
    })
    .map(({ age, lifetime, subject, location, action, status }): TokenRecord => {
      const decidedAt = NOW - age * MINUTE;
      const details = [{ type: 'resource' as const, locations: [location], actions: [action] }];
      const decided = { decidedAt, subject, authorizationDetails: details };
      if (status === 'denied') return denied(decided);
      const record = issued({ ...decided, expiresAt: decidedAt + lifetime * MINUTE });
      return status === 'issued' ? record : { ...record, status: 'revoked', revokedAt: NOW, revokedBy: 'x' };
    });
  const filter = fc.record(
    {
      state: fc.constantFrom('active' as const, 'expired' as const, 'revoked' as const, 'denied' as const),
      subject: fc.constantFrom(SUBJECT, 'arn:aws:iam::111122223333:user/ci'),
      resource: fc.constantFrom('lake', 'lake/raw', 'lake/raw/2026', 'orders-db/*'),
      action: fc.constantFrom('read' as const, 'write' as const),
      issued_after: fc.constantFrom('2026-01-01T11:30:00Z', '2026-01-01T11:50:00Z'),
      expires_before: fc.constantFrom('2026-01-01T12:00:00Z', '2026-01-01T12:10:00Z'),
    },
    { requiredKeys: [] },
  );

  it('contain every selected token exactly once while more are issued', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 60 }),
        filter,
        fc.integer({ min: 1, max: 7 }),
        async (all, members, limit) => {
          const machine = machineWith(...all);
          await machine.ready;
          const seen: string[] = [];
          let cursor: string | undefined;
          do {
            const { tokens, next_cursor } = await page({ ...members, limit, cursor }, machine);
            seen.push(...tokens.map(({ token_id }) => token_id));
            cursor = next_cursor;
            // Newer than all others, like every token that is issued in the meantime.
            if (cursor !== undefined) await machine.add(issued({ decidedAt: NOW + 1 }));
          } while (cursor !== undefined);
          const { state, ...properties } = members;
          const meant = all.filter(
            (one) => selects(selectorOf(properties), one) && (state === undefined || stateOf(one, NOW) === state),
          );
          expect(seen.toSorted()).toEqual(meant.map(({ tokenId }) => tokenId).sort());
        },
      ),
      { numRuns: 150 },
    ));
});

describe('a cursor', () => {
  const three = () => machineWith(issued(), issued(), issued());
  const refused = async (machine: Fake, cursor: string, members: Partial<TokenListRequest> = {}) =>
    (await listTokens(request({ ...members, cursor }), ISSUER, machine)).kind === 'bad_cursor';

  it('continues, also with another limit', async () => {
    const machine = three();
    const first = await page({ limit: 1 }, machine);
    expect(await idsOf({ limit: 2, cursor: first.next_cursor }, machine)).toHaveLength(2);
  });

  it('is rejected with a changed bit, with other filters, or from another deployment', async () => {
    const machine = three();
    const { next_cursor: cursor = '' } = await page({ limit: 1, audience: 'orders-db' }, machine);
    const filters = { audience: 'orders-db' };
    expect(await refused(machine, cursor, filters)).toBe(false);
    for (let at = 0; at < cursor.length; at++) {
      for (const letter of ['A', 'B', 'c', '-', '.', '']) {
        const changed = cursor.slice(0, at) + letter + cursor.slice(at + 1);
        if (changed !== cursor) expect(await refused(machine, changed, filters)).toBe(true);
      }
    }
    for (const others of [{}, { audience: 'billing' }, { ...filters, state: 'active' as const }]) {
      expect(await refused(machine, cursor, others)).toBe(true);
    }
    expect(await refused({ ...machine, mac: localMac('another key') }, cursor, filters)).toBe(true);
  });

  it.each(['.', 'a.b', `${'a'.repeat(600)}.${'b'.repeat(43)}`, 'é.é'])('is rejected if it is %j', async (cursor) => {
    expect(await refused(three(), cursor)).toBe(true);
  });

  it('causes no lookup if its MAC is wrong', async () => {
    const index = { page: () => Promise.reject(new Error('looked')) } as unknown as TokenIndex;
    const records = {} as TokenRecords;
    const ports = { index, records, mac: localMac(), clock: clockAt(NOW) };
    const position = Buffer.from('000001767268800000#x').toString('base64url');
    const outcome = await listTokens(request({ cursor: `${position}.${'A'.repeat(43)}` }), ISSUER, ports);
    expect(outcome).toEqual({ kind: 'bad_cursor' });
  });
});
