import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { RevocationSelector } from '@tvm/contract/selector.ts';
import { type RevocationOrder, WALKED } from '@tvm/core/revocation/orders/order.ts';
import type { RevocationOrders } from '@tvm/core/revocation/orders/ports.ts';
import { describe, expect, inject, it } from 'vitest';
import { orderKey, remembered } from '#lambdas/adapters/dynamo/items.ts';
import { dynamoRevocationOrders } from '#lambdas/adapters/dynamo/revocation-orders.ts';
import { inMemoryOrders } from '../fakes/in-memory-records.ts';

const { target, outputs } = inject('deployed');
const dynamo = new DynamoDBClient(target);
const inDynamo = dynamoRevocationOrders(dynamo, outputs.TableName, 3_600);

const adapters: [string, RevocationOrders][] = [
  ['in memory', inMemoryOrders()],
  ['DynamoDB', inDynamo],
];

/** Returns a revocation request with its own locations, so that it does not match other tests' requests. */
function orderOf(selector: RevocationSelector, change: Partial<RevocationOrder> = {}): RevocationOrder {
  const now = Date.now();
  return {
    revocationId: crypto.randomUUID(),
    selector,
    revokedBefore: now,
    from: now,
    by: 'security.team',
    reason: 'incident 42',
    orderedAt: now,
    ...change,
  };
}
const fresh = () => `a-${crypto.randomUUID()}`;

describe.each(adapters)('revocation requests: %s', (_, orders) => {
  it('are stored as first submitted', async () => {
    const order = orderOf({ audience: fresh() });
    expect(await orders.get(order.revocationId)).toBeUndefined();
    expect(await orders.place(order)).toEqual({ ...order, revoked: 0 });
    await orders.advance(order.revocationId, undefined, { revoked: 3, position: 'here' });
    const again = await orders.place({ ...order, selector: { all: true }, by: 'another' });
    expect(again).toEqual({ ...order, revoked: 3, position: 'here' });
    expect(await orders.get(order.revocationId)).toEqual(again);
  });

  it('advance from their current state, and not once they are completed', async () => {
    const order = orderOf({ audience: fresh() });
    const { revocationId } = order;
    expect(await orders.advance(revocationId, undefined, { revoked: 1, position: 'here' })).toBe(false);
    await orders.place(order);
    expect(await orders.advance(revocationId, 'here', { revoked: 9, position: 'there' })).toBe(false);
    expect(await orders.advance(revocationId, undefined, { revoked: 1, position: 'here' })).toBe(true);
    expect(await orders.advance(revocationId, undefined, { revoked: 9, position: 'there' })).toBe(false);
    expect(await orders.advance(revocationId, 'here', { revoked: 2, position: WALKED })).toBe(true);
    expect(await orders.advance(revocationId, WALKED, { revoked: 3, began: 1, completedAt: order.from })).toBe(true);
    expect(await orders.advance(revocationId, undefined, { revoked: 9, position: 'here' })).toBe(false);
    expect(await orders.get(revocationId)).toEqual({ ...order, revoked: 3, began: 1, completedAt: order.from });
  });

  it('advance once with two concurrent writers', async () => {
    const order = orderOf({ audience: fresh() });
    await orders.place(order);
    const advance = () => orders.advance(order.revocationId, undefined, { revoked: 1, position: 'here' });
    expect((await Promise.all([advance(), advance()])).sort()).toEqual([false, true]);
  });
});

it('a revocation request in DynamoDB has what the audit reads', async () => {
  const order = orderOf({ audience: fresh() });
  await inDynamo.place(order);
  const command = new GetItemCommand({ TableName: outputs.TableName, Key: orderKey(order.revocationId) });
  expect(remembered((await dynamo.send(command)).Item)).toMatchObject({
    kind: 'order',
    order: { ...order, revoked: 0 },
  });
});
