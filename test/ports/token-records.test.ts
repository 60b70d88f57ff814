import { DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { RecentBehaviour } from '@tvm/core/issuing/ports.ts';
import type { TokenRecords } from '@tvm/core/records/ports.ts';
import type { DeniedRecord, IssuedRecord } from '@tvm/core/records/token-record.ts';
import { PENDING } from '@tvm/core/records/token-selector.ts';
import { describe, expect, inject, it } from 'vitest';
import { expiryPartition, indexKey, proofKey, recordKey, shardOf } from '#lambdas/adapters/dynamo/items.ts';
import { dynamoRecentBehaviour } from '#lambdas/adapters/dynamo/recent-behaviour.ts';
import { dynamoTokenRecords } from '#lambdas/adapters/dynamo/token-records.ts';
import { inMemoryBehaviour, inMemoryRecords } from '../fakes/in-memory-records.ts';
import { eventually } from '../support/eventually.ts';

const { target, outputs } = inject('deployed');
const dynamo = new DynamoDBClient(target);

const inMemory = inMemoryRecords();
const adapters: [string, TokenRecords, RecentBehaviour][] = [
  ['in memory', inMemory, inMemoryBehaviour(inMemory)],
  ['DynamoDB', dynamoTokenRecords(dynamo, outputs.TableName), dynamoRecentBehaviour(dynamo, outputs.TableName, 3_600)],
];

let subjects = 0;
const freshSubject = () => `arn:aws:iam::111122223333:role/ports-${process.pid}-${++subjects}`;

function issuedRecord(change: Partial<IssuedRecord> = {}): IssuedRecord {
  const decidedAt = Date.now();
  return {
    status: 'issued',
    tokenId: crypto.randomUUID(),
    subject: freshSubject(),
    account: '111122223333',
    session: 'i-0abc',
    audience: 'orders-db',
    authorizationDetails: [
      { type: 'resource', locations: ['orders-db/orders'], actions: ['read'], fields: ['id', 'status'] },
      { type: 'resource', locations: ['orders-db/shipments'], actions: ['write'] },
    ],
    lifetime: 900,
    reason: 'nightly report',
    sourceIp: '203.0.113.7',
    requestId: 'b1cabfe6-1cd9-46c2-8b83-ef498cd9fc8e',
    decidedAt,
    policies: ['orders-service-reads-orders', 'orders-service-writes-shipments'],
    policyBundle: 'e6f799cf4824299250d11b89df2f58ed16852a601f218e5ca43278d115032c70',
    ttl: Math.floor(decidedAt / 1000) + 900 + 86_400,
    expiresAt: decidedAt + 900_000,
    keyId: 'I_wJM2zijKztH37L7cONzXJCNJrFcDZaflZaqkv0Ip8',
    statusList: { list: 12, index: 48_213 },
    size: 1_052,
    signedDigest: Uint8Array.from({ length: 32 }, (_, index) => index),
    ...change,
  };
}

function deniedRecord(): DeniedRecord {
  const { expiresAt, keyId, statusList, size, signedDigest, ...decided } = issuedRecord();
  return { ...decided, status: 'denied', denial: 'policy', policyErrors: [] };
}

describe.each(adapters)('token records: %s', (_, records, behaviour) => {
  const revocation = () => ({ revokedAt: Date.now(), revokedBy: 'security.team', revocationReason: 'leaked' });

  it('are stored unchanged', async () => {
    for (const record of [issuedRecord(), deniedRecord()]) {
      await records.put(record);
      expect(await records.get(record.tokenId)).toEqual(record);
    }
    expect(await records.get(crypto.randomUUID())).toBeUndefined();
  });

  it('are never overwritten', async () => {
    const record = issuedRecord();
    await records.put(record);
    await expect(records.put({ ...record, audience: 'billing' })).rejects.toThrow();
    expect(await records.get(record.tokenId)).toEqual(record);
  });

  it('are revoked once, also by concurrent requests', async () => {
    const record = issuedRecord();
    await records.put(record);
    const first = { ...revocation(), revocationId: 'first' };
    const second = { ...revocation(), revocationId: 'second' };
    const results = await Promise.all([first, second].map((one) => records.revoke(record.tokenId, one)));
    const stored = await records.get(record.tokenId);
    // Either of them may come first.
    const stands = [first, second].find(
      ({ revocationId }) => stored?.status === 'revoked' && revocationId === stored.revocationId,
    );
    expect(stands).toBeDefined();
    expect(stored).toEqual({ ...record, status: 'revoked', ...stands });
    for (const result of results) expect(result).toMatchObject({ ...stands });

    expect(await records.revoke(record.tokenId, { ...revocation(), revocationId: 'third' })).toMatchObject({
      ...stands,
    });
    expect(await records.get(record.tokenId)).toEqual({ ...record, status: 'revoked', ...stands });
  });

  it('are not revoked if unknown, denied, failed or expired', async () => {
    const denied = deniedRecord();
    const failed = issuedRecord();
    const expired = issuedRecord({ expiresAt: Date.now() - 1 });
    for (const record of [denied, failed, expired]) await records.put(record);
    await records.markFailed(failed.tokenId, { failure: 'signing_failed', failedAt: Date.now() });
    for (const tokenId of [crypto.randomUUID(), denied.tokenId, failed.tokenId, expired.tokenId]) {
      expect(await records.revoke(tokenId, revocation())).toBeUndefined();
    }
    expect(await records.get(failed.tokenId)).toMatchObject({ status: 'failed', failure: 'signing_failed' });
  });

  it('are stored once for each use of a proof, together with that use or not at all', async () => {
    const use = { key: crypto.randomUUID(), until: Math.ceil(Date.now() / 1000) + 600 };
    const [first, second] = [issuedRecord(), issuedRecord()];
    expect(await records.putOnce(first, use)).toBe(true);
    expect(await records.putOnce(second, use)).toBe(false);
    expect(await records.get(first.tokenId)).toEqual(first);
    expect(await records.get(second.tokenId)).toBeUndefined();
    // The ID is still free, also for the record of the refusal.
    expect(await records.putOnce(second, { ...use, key: crypto.randomUUID() })).toBe(true);
  });

  it('are stored for one of many uses of a proof at once', async () => {
    const use = { key: crypto.randomUUID(), until: Math.ceil(Date.now() / 1000) + 600 };
    const tokens = Array.from({ length: 5 }, () => issuedRecord());
    const stored = await Promise.all(tokens.map((record) => records.putOnce(record, use)));
    expect(stored.filter((isFirst) => isFirst)).toHaveLength(1);
    const found = await records.getMany(tokens.map(({ tokenId }) => tokenId));
    expect(found).toEqual([tokens[stored.indexOf(true)]]);
  });

  it('do not use up a proof if they cannot be stored', async () => {
    const use = { key: crypto.randomUUID(), until: Math.ceil(Date.now() / 1000) + 600 };
    const existing = issuedRecord();
    await records.put(existing);
    await expect(records.putOnce(existing, use)).rejects.toThrow();
    expect(await records.putOnce(issuedRecord(), use)).toBe(true);
  });

  it('are not marked as failed after a revocation', async () => {
    const record = issuedRecord();
    await records.put(record);
    await records.revoke(record.tokenId, revocation());
    await records.markFailed(record.tokenId, { failure: 'signing_failed', failedAt: Date.now() });
    expect(await records.get(record.tokenId)).toHaveProperty('status', 'revoked');
  });

  it('are read in batches, in the requested order, without missing ones', async () => {
    const all = [...Array.from({ length: 60 }, () => issuedRecord()), ...Array.from({ length: 39 }, deniedRecord)];
    await Promise.all(all.map((record) => records.put(record)));
    const ids = all.map(({ tokenId }) => tokenId);
    expect(await records.getMany([crypto.randomUUID(), ...ids])).toEqual(all);
    const [one = ''] = ids;
    expect(await records.getMany([one, one])).toEqual([all[0], all[0]]);
    expect(await records.getMany([])).toEqual([]);
  });

  it('expire once, at their expiry time and not before', async () => {
    const record = issuedRecord();
    await records.put(record);
    expect(await records.expire(record.tokenId, record.expiresAt - 1)).toBe(false);
    expect(await records.get(record.tokenId)).toEqual(record);
    expect(await records.expire(record.tokenId, record.expiresAt)).toBe(true);
    expect(await records.expire(record.tokenId, record.expiresAt)).toBe(false);
    expect(await records.get(record.tokenId)).toEqual({ ...record, status: 'expired' });
  });

  it('do not expire if unknown, denied, failed or revoked, and have a final state once expired', async () => {
    const denied = deniedRecord();
    const [failed, revoked, expired] = [issuedRecord(), issuedRecord(), issuedRecord()];
    for (const record of [denied, failed, revoked, expired]) await records.put(record);
    await records.markFailed(failed.tokenId, { failure: 'signing_failed', failedAt: Date.now() });
    await records.revoke(revoked.tokenId, revocation());
    await records.expire(expired.tokenId, expired.expiresAt);
    for (const tokenId of [crypto.randomUUID(), denied.tokenId, failed.tokenId, revoked.tokenId]) {
      expect(await records.expire(tokenId, expired.expiresAt)).toBe(false);
    }
    expect(await records.revoke(expired.tokenId, revocation())).toBeUndefined();
    await records.markFailed(expired.tokenId, { failure: 'signing_failed', failedAt: Date.now() });
    const states = await records.getMany([denied, failed, revoked, expired].map(({ tokenId }) => tokenId));
    expect(states.map(({ status }) => status)).toEqual(['denied', 'failed', 'revoked', 'expired']);
  });

  it('return a subject’s recent behaviour', async () => {
    const subject = freshSubject();
    const now = Date.now();
    expect(await behaviour.of(subject, now)).toEqual({ issued: 0, denied: 0, active: 0 });
    const minute = 60_000;
    const earlier = { subject, decidedAt: now - 6 * minute };
    const expired = issuedRecord({ ...earlier, expiresAt: now - minute });
    const active = issuedRecord({ ...earlier, expiresAt: now + minute });
    const recent = Array.from({ length: 20 }, () => issuedRecord({ subject, decidedAt: now - minute }));
    const denied = Array.from({ length: 3 }, () => ({ ...deniedRecord(), subject, decidedAt: now - 4 * minute }));
    const deniedEarlier = { ...deniedRecord(), ...earlier };
    for (const record of [expired, active, ...recent, ...denied, deniedEarlier]) await records.put(record);
    await eventually(async () =>
      expect(await behaviour.of(subject, now)).toEqual({ issued: 20, denied: 3, active: 21 }),
    );
  });
});

describe('token records in DynamoDB', () => {
  const records = dynamoTokenRecords(dynamo, outputs.TableName);

  it('take one write unit: a record of one read and one write entry is under 1 KiB', async () => {
    const record = issuedRecord({ subject: 'arn:aws:iam::111122223333:role/orders-service' });
    await records.put(record);
    const { Item } = await dynamo.send(
      new GetItemCommand({ TableName: outputs.TableName, Key: recordKey(record.tokenId) }),
    );
    // DynamoDB counts names and values, and some bytes for each number and nesting level. JSON is an upper bound.
    const bytes = Object.entries(Item ?? {}).reduce((sum, [name, value]) => sum + name.length + plainSize(value), 0);
    expect(bytes).toBeLessThan(1_024);
  });

  it('have a pending index entry and an expiring use of their proof', async () => {
    const record = issuedRecord();
    const use = { key: crypto.randomUUID(), until: Math.ceil(Date.now() / 1000) + 600 };
    await records.putOnce(record, use);
    const get = (Key: ReturnType<typeof proofKey>) =>
      dynamo.send(new GetItemCommand({ TableName: outputs.TableName, Key }));
    expect((await get(proofKey(use.key))).Item).toEqual({ ...proofKey(use.key), ttl: { N: String(use.until) } });
    const pending = (await get(indexKey(record, PENDING))).Item;
    expect(pending).toMatchObject({ ttl: { N: String(Math.ceil(record.expiresAt / 1000)) } });
  });

  it('are found by the minute of their expiry, until they are marked as expired', async () => {
    const record = issuedRecord();
    await records.put(record);
    const query = new QueryCommand({
      TableName: outputs.TableName,
      IndexName: 'by-expiry',
      KeyConditionExpression: 'expiryPartition = :partition AND expiresAt = :expiresAt',
      ExpressionAttributeValues: marshall({
        ':partition': expiryPartition(record.expiresAt, shardOf(record.tokenId)),
        ':expiresAt': record.expiresAt,
      }),
    });
    await eventually(async () => expect((await dynamo.send(query)).Items).toMatchObject([recordKey(record.tokenId)]));
    await records.expire(record.tokenId, record.expiresAt);
    await eventually(async () => expect((await dynamo.send(query)).Items).toEqual([]));
  });
});

/** Returns an upper bound of the bytes that DynamoDB counts for a value. */
function plainSize(value: object): number {
  return Object.entries(value).reduce((sum, [type, content]) => {
    if (type === 'B') return sum + content.length;
    if (type === 'L') return sum + 3 + content.reduce((inner: number, item: object) => inner + 1 + plainSize(item), 0);
    if (type === 'M') {
      const members = Object.entries<object>(content);
      return sum + 3 + members.reduce((inner, [name, item]) => inner + 1 + name.length + plainSize(item), 0);
    }
    return sum + String(content).length;
  }, 0);
}
