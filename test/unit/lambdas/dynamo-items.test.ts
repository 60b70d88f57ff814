import { describe, expect, it } from 'vitest';
import {
  expiryPartition,
  fromItem,
  SHARDS,
  shardOf,
  subjectPartition,
  toItem,
} from '../../../lambdas/adapters/dynamo-items.ts';
import { asking, recordOf, SUBJECT } from '../../fakes/machine.ts';

describe('an item', () => {
  it('is the record again', async () => {
    for (const original of [await recordOf(), await recordOf(asking({ audience: 'billing' }))]) {
      expect(fromItem(toItem(original))).toEqual(original);
    }
  });

  it('of an issued token is on both indexes, of a refusal only on its subject’s', async () => {
    const issued = toItem(await recordOf());
    expect(issued.subjectPartition?.S).toBe(subjectPartition('ISSUED', SUBJECT, 0));
    expect(issued.expiryPartition?.S).toBe('EXPIRES#2026-01-01T12:15Z#0');
    const denied = toItem(await recordOf(asking({ audience: 'billing' })));
    expect(denied.subjectPartition?.S).toBe(subjectPartition('DENIED', SUBJECT, 0));
    expect(denied).not.toHaveProperty('expiryPartition');
  });

  it('that is no record is none', () => {
    expect(fromItem({ pk: { S: 'SUBJECT#x' }, sk: { S: 'WATERMARK' } })).toBeUndefined();
    expect(fromItem(undefined)).toBeUndefined();
  });
});

it('shards spread evenly, so that no index partition gets all of a busy subject or minute', () => {
  const counts = new Array(SHARDS).fill(0);
  for (let count = 0; count < 16_000; count++) counts[shardOf(crypto.randomUUID())] += 1;
  expect(Math.max(...counts)).toBeLessThan(1_300);
  expect(new Set(counts.map((_, shard) => expiryPartition(0, shard))).size).toBe(SHARDS);
});
