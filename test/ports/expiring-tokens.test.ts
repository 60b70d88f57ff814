import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ExpiringTokens, TokenRecords } from '@tvm/core/records/ports.ts';
import type { IssuedRecord } from '@tvm/core/records/token-record.ts';
import { describe, expect, inject, it } from 'vitest';
import { dynamoExpiringTokens } from '#lambdas/adapters/dynamo/expiring-tokens.ts';
import { dynamoTokenRecords } from '#lambdas/adapters/dynamo/token-records.ts';
import { inMemoryRecords } from '../fakes/in-memory-records.ts';
import { recordOf } from '../fakes/in-memory-service.ts';
import { inMemoryExpiring } from '../fakes/in-memory-upkeep.ts';
import { eventually } from '../support/eventually.ts';
import { scratchTable } from '../support/scratch-table.ts';

const dynamo = new DynamoDBClient(inject('deployed').target);
const MINUTE = Date.UTC(2026, 0, 1, 12, 34);
const END = MINUTE + 59_999;
const record = recordOf() as Promise<IssuedRecord>;

interface Store {
  records: TokenRecords;
  expiring: ExpiringTokens;
}

function inMemory(): Store {
  const records = inMemoryRecords();
  return { records, expiring: inMemoryExpiring(records) };
}

async function inDynamo(): Promise<Store> {
  const table = await scratchTable(dynamo);
  return { records: dynamoTokenRecords(dynamo, table), expiring: dynamoExpiringTokens(dynamo, table) };
}

describe.each<[string, () => Store | Promise<Store>]>([
  ['in memory', inMemory],
  ['DynamoDB', inDynamo],
])('expiring tokens: %s', (_, make) => {
  async function put(records: TokenRecords, expiresAt: number, tokenId: string = crypto.randomUUID()): Promise<string> {
    await records.put({ ...(await record), tokenId, expiresAt });
    return tokenId;
  }
  async function found(expiring: ExpiringTokens, minute = MINUTE, until = END): Promise<string[]> {
    const all: string[] = [];
    for await (const part of expiring.within(minute, until)) all.push(...part);
    return all.sort();
  }

  it('are found by the minute in which they expire, up to a time in that minute', async () => {
    const { records, expiring } = await make();
    await put(records, MINUTE - 1);
    const first = await put(records, MINUTE);
    const last = await put(records, END);
    const next = await put(records, END + 1);
    await eventually(async () => expect(await found(expiring)).toEqual([first, last].sort()));
    expect(await found(expiring, MINUTE, END - 1)).toEqual([first]);
    expect(await found(expiring, MINUTE + 60_000, END + 60_000)).toEqual([next]);
    expect(await found(expiring, MINUTE + 120_000, END + 120_000)).toEqual([]);
  });

  it('are found however many there are', async () => {
    const { records, expiring } = await make();
    // Some tokens in one shard, and some across all shards.
    const busy = Array.from({ length: 230 }, () => `0${crypto.randomUUID().slice(1)}`);
    const spread = Array.from({ length: 40 }, () => crypto.randomUUID());
    await Promise.all([...busy, ...spread].map((tokenId) => put(records, MINUTE, tokenId)));
    const all = [...busy, ...spread].sort();
    await eventually(async () => expect(await found(expiring)).toEqual(all));
  });

  it('do not include expired, failed or revoked tokens', async () => {
    const { records, expiring } = await make();
    const [expired, failed, revoked, open] = [
      await put(records, MINUTE),
      await put(records, MINUTE),
      await put(records, MINUTE),
      await put(records, MINUTE),
    ];
    await eventually(async () => expect(await found(expiring)).toHaveLength(4));
    await records.expire(expired, MINUTE);
    await records.markFailed(failed, { failure: 'signing_failed', failedAt: MINUTE - 5 });
    await records.revoke(revoked, { revokedAt: MINUTE - 1, revokedBy: 'security.team' });
    await eventually(async () => expect(await found(expiring)).toEqual([open]));
  });

  it('have a minute up to which all are marked as expired, which never moves back', async () => {
    const { expiring } = await make();
    expect(await expiring.sweptTo()).toBeUndefined();
    await expiring.advance(MINUTE);
    await expiring.advance(MINUTE - 60_000);
    expect(await expiring.sweptTo()).toBe(MINUTE);
    await Promise.all([expiring.advance(MINUTE + 60_000), expiring.advance(MINUTE + 120_000)]);
    expect(await expiring.sweptTo()).toBe(MINUTE + 120_000);
  });
});
