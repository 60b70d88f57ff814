import { marshall } from '@aws-sdk/util-dynamodb';
import { auditEventExamples } from '@tvm/contract/event-examples.ts';
import { type AuditFact, subjectBlocked } from '@tvm/core/records/audit-fact.ts';
import { describe, expect, it } from 'vitest';
import {
  auditedItem,
  DEPLOYMENT_KEY,
  expiryPartition,
  factKey,
  fromItem,
  introspectionsKey,
  revocationRequestKey,
  SHARDS,
  SWEEP_KEY,
  shardOf,
  subjectFactKey,
  subjectPartition,
  subjectStatusKey,
  toItem,
} from '#lambdas/adapters/dynamo/items.ts';
import { asking, recordOf, SUBJECT } from '../../fakes/in-memory-service.ts';

describe('an item', () => {
  it('converts back to the same record', async () => {
    for (const original of [await recordOf(), await recordOf(asking({ audience: 'billing' }))]) {
      expect(fromItem(toItem(original))).toEqual(original);
    }
  });

  it('of an issued token is in both indexes, and of a denial only in the subject’s', async () => {
    const issued = toItem(await recordOf());
    expect(issued.subjectPartition?.S).toBe(subjectPartition('ISSUED', SUBJECT, 0));
    expect(issued.expiryPartition?.S).toBe('EXPIRES#2026-01-01T12:15Z#0');
    const denied = toItem(await recordOf(asking({ audience: 'billing' })));
    expect(denied.subjectPartition?.S).toBe(subjectPartition('DENIED', SUBJECT, 0));
    expect(denied).not.toHaveProperty('expiryPartition');
  });

  it('of another kind is not read as a record', () => {
    expect(fromItem({ pk: { S: 'SUBJECT#x' }, sk: { S: 'STANDING' } })).toBeUndefined();
    expect(fromItem(undefined)).toBeUndefined();
  });
});

describe('an item with an audit event', () => {
  const token = { tokenId: '35445779-b11b-466e-9611-a4ba0a6b9a7d', subject: SUBJECT, audience: 'orders-db' };
  const minute = Date.UTC(2026, 0, 1, 12, 34);
  const told = { ...token, by: 'arn:aws:iam::111122223333:role/orders-db', result: 'revoked' as const, minute };
  const introspections = { ...told, last: minute + 5, count: 3 };
  const order = {
    revocationId: 'r',
    selector: { task: 't' },
    revokedBefore: 1,
    from: 1,
    by: 'b',
    orderedAt: 1,
    revoked: 2,
  };
  const facts = ['Token Used', 'Policy Changed'].map((detailType) => {
    const { version, eventId, ...detail } =
      auditEventExamples.find((one) => one.detailType === detailType)?.detail ?? {};
    return { detailType, detail } as AuditFact;
  });

  it('is read only from its own kinds of items', async () => {
    const record = await recordOf();
    expect(auditedItem(toItem(record))).toEqual({ kind: 'record', record });
    const blocked = subjectBlocked(SUBJECT, { until: minute + 1, at: minute, by: 'security.team' });
    expect(auditedItem({ ...subjectFactKey(SUBJECT, 'f'), ...marshall({ ...blocked, ttl: 1 }) })).toEqual({
      kind: 'fact',
      fact: blocked,
    });
    expect(auditedItem({ ...subjectStatusKey(SUBJECT), ...marshall({ revokedBefore: minute }) })).toBeUndefined();
    expect(auditedItem({ ...revocationRequestKey('r'), ...marshall({ ...order, ttl: 1 }) })).toEqual({
      kind: 'order',
      order,
    });
    expect(auditedItem({ ...introspectionsKey(told), ...marshall({ ...introspections, ttl: 1 }) })).toEqual({
      kind: 'introspections',
      introspections,
    });
    for (const fact of facts) {
      expect(auditedItem({ ...factKey('f', fact), ...marshall({ ...fact, ttl: 1 }) })).toEqual({ kind: 'fact', fact });
    }
    expect(auditedItem({ ...SWEEP_KEY, ...marshall({ sweptTo: 1 }) })).toBeUndefined();
    expect(auditedItem({ ...DEPLOYMENT_KEY, ...marshall({ version: 1 }) })).toBeUndefined();
    expect(auditedItem(undefined)).toBeUndefined();
  });

  it('about a token is in its record’s partition, and about a subject in the subject’s partition', () => {
    expect(subjectFactKey(SUBJECT, 'f')).toEqual(marshall({ pk: `SUBJECT#${SUBJECT}`, sk: 'FACT#f' }));
    const [used, changed] = facts.map((fact) => factKey('f', fact).pk?.S);
    expect(used).toBe(`TOKEN#${token.tokenId}`);
    expect(changed).toBe('FACT#f');
    expect(introspectionsKey(told)).toEqual(
      marshall({ pk: used, sk: 'INTROSPECTED#2026-01-01T12:34Z#revoked#arn:aws:iam::111122223333:role/orders-db' }),
    );
  });
});

it('shards are even, so that a busy subject or minute has no hot partition', () => {
  const counts = new Array(SHARDS).fill(0);
  for (let count = 0; count < 16_000; count++) counts[shardOf(crypto.randomUUID())] += 1;
  expect(Math.max(...counts)).toBeLessThan(1_300);
  expect(new Set(counts.map((_, shard) => expiryPartition(0, shard))).size).toBe(SHARDS);
});
