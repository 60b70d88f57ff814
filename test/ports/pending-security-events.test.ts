import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { PendingSecurityEvents } from '@tvm/core/security-events/ports.ts';
import { describe, expect, inject, it } from 'vitest';
import { pendingSecurityEventKey } from '#lambdas/adapters/dynamo/items.ts';
import { dynamoPendingSecurityEvents } from '#lambdas/adapters/dynamo/pending-security-events.ts';
import { inMemoryPendingSecurityEvents } from '../fakes/pending-security-events.ts';

const { target, outputs } = inject('deployed');
const dynamo = new DynamoDBClient(target);
const inDynamo = dynamoPendingSecurityEvents(dynamo, outputs.TableName);

const adapters: [string, PendingSecurityEvents][] = [
  ['in memory', inMemoryPendingSecurityEvents()],
  ['DynamoDB', inDynamo],
];
const event = (jti: string) => ({ jti, set: `${jti}.signed` });
const newReceiver = () => `receiver-${crypto.randomUUID()}`;

describe.each(adapters)('pending security events: %s', (_, pending) => {
  it('the oldest come first, as many as requested', async () => {
    const receiver = newReceiver();
    for (const jti of ['1795339802-b', '1795339801-a', '1795339801-c']) await pending.keep(receiver, event(jti));
    expect(await pending.oldest(receiver, 2)).toEqual([event('1795339801-a'), event('1795339801-c')]);
    expect(await pending.oldest(receiver, 100)).toHaveLength(3);
  });

  it('storing an event again does not duplicate it', async () => {
    const receiver = newReceiver();
    for (let time = 0; time < 2; time++) await pending.keep(receiver, event('1-a'));
    expect(await pending.oldest(receiver, 100)).toEqual([event('1-a')]);
  });

  it('removing an event removes only that event: not one of another receiver with the same jti', async () => {
    const receiver = newReceiver();
    const other = newReceiver();
    for (const jti of ['1-a', '2-b']) await pending.keep(receiver, event(jti));
    await pending.keep(other, event('1-a'));
    await pending.remove(receiver, ['1-a', '3-c']);
    expect(await pending.oldest(receiver, 100)).toEqual([event('2-b')]);
    expect(await pending.oldest(other, 100)).toEqual([event('1-a')]);
  });

  it('a receiver without events has no pending events', async () => {
    expect(await pending.oldest(newReceiver(), 100)).toEqual([]);
  });
});

it('a pending event expires after seven days', async () => {
  const receiver = newReceiver();
  const before = Date.now() / 1000;
  await inDynamo.keep(receiver, event('1-a'));
  const { Item } = await dynamo.send(
    new GetItemCommand({ TableName: outputs.TableName, Key: pendingSecurityEventKey(receiver, '1-a') }),
  );
  const ttl = Number(Item?.ttl?.N);
  expect(ttl).toBeGreaterThanOrEqual(before + 604_800);
  expect(ttl).toBeLessThanOrEqual(Date.now() / 1000 + 604_801);
});
