import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { ReceivedSecurityEvents } from '@tvm/core/security-events/ports.ts';
import { describe, expect, inject, it } from 'vitest';
import { receivedSecurityEventKey } from '#lambdas/adapters/dynamo/items.ts';
import { dynamoReceivedSecurityEvents } from '#lambdas/adapters/dynamo/received-security-events.ts';
import { inMemoryReceivedSecurityEvents } from '../fakes/security-event-transmitter.ts';

const { target, outputs } = inject('deployed');
const dynamo = new DynamoDBClient(target);

const adapters: [string, ReceivedSecurityEvents][] = [
  ['in memory', inMemoryReceivedSecurityEvents()],
  ['DynamoDB', dynamoReceivedSecurityEvents(dynamo, outputs.TableName, 86_520)],
];
const ISSUER = 'https://idp.example.com/';
const event = () => ({ digest: 'a'.repeat(64), receivedAt: Date.now(), obeyed: false });

describe.each(adapters)('received security events: %s', (_, received) => {
  it('the first stays, also among several concurrent ones', async () => {
    const jti = crypto.randomUUID();
    const first = event();
    expect(await received.note(ISSUER, jti, first)).toEqual(first);
    const later = { digest: 'b'.repeat(64), receivedAt: first.receivedAt + 1, obeyed: false };
    expect(await Promise.all([1, 2, 3].map(() => received.note(ISSUER, jti, later)))).toEqual(Array(3).fill(first));
  });

  it('it can be marked as processed', async () => {
    const jti = crypto.randomUUID();
    const first = await received.note(ISSUER, jti, event());
    await received.markProcessed(ISSUER, jti);
    expect(await received.note(ISSUER, jti, event())).toEqual({ ...first, obeyed: true });
  });

  it('the same jti of another issuer is a different event', async () => {
    const jti = crypto.randomUUID();
    await received.note(ISSUER, jti, event());
    const other = event();
    expect(await received.note('https://other.example.com', jti, other)).toEqual(other);
  });
});

it('it expires once a replay would be too old', async () => {
  const jti = crypto.randomUUID();
  const { receivedAt } = await (adapters[1]?.[1] as ReceivedSecurityEvents).note(ISSUER, jti, event());
  const { Item } = await dynamo.send(
    new GetItemCommand({ TableName: outputs.TableName, Key: receivedSecurityEventKey(ISSUER, jti) }),
  );
  expect(Item?.ttl?.N).toBe(String(Math.ceil(receivedAt / 1000) + 86_520));
});
