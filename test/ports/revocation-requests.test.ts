import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { RevocationSelector } from '@tvm/contract/selector.ts';
import type { RevocationRequests } from '@tvm/core/revocation/requests/ports.ts';
import { type RevocationRequest, WALKED } from '@tvm/core/revocation/requests/revocation-request.ts';
import { describe, expect, inject, it } from 'vitest';
import { auditedItem, revocationRequestKey } from '#lambdas/adapters/dynamo/items.ts';
import { dynamoRevocationRequests } from '#lambdas/adapters/dynamo/revocation-requests.ts';
import { inMemoryRevocationRequests } from '../fakes/in-memory-records.ts';

const { target, outputs } = inject('deployed');
const dynamo = new DynamoDBClient(target);
const inDynamo = dynamoRevocationRequests(dynamo, outputs.TableName, 3_600);

const adapters: [string, RevocationRequests][] = [
  ['in memory', inMemoryRevocationRequests()],
  ['DynamoDB', inDynamo],
];

/** Returns a revocation request with its own locations, so that it does not match other tests' requests. */
function revocationRequestOf(selector: RevocationSelector, change: Partial<RevocationRequest> = {}): RevocationRequest {
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
    const order = revocationRequestOf({ audience: fresh() });
    expect(await orders.get(order.revocationId)).toBeUndefined();
    expect(await orders.submit(order)).toEqual({ ...order, revoked: 0 });
    await orders.advance(order.revocationId, undefined, { revoked: 3, position: 'here' });
    const again = await orders.submit({ ...order, selector: { all: true }, by: 'another' });
    expect(again).toEqual({ ...order, revoked: 3, position: 'here' });
    expect(await orders.get(order.revocationId)).toEqual(again);
  });

  it('advance from their current state, and not once they are completed', async () => {
    const order = revocationRequestOf({ audience: fresh() });
    const { revocationId } = order;
    expect(await orders.advance(revocationId, undefined, { revoked: 1, position: 'here' })).toBe(false);
    await orders.submit(order);
    expect(await orders.advance(revocationId, 'here', { revoked: 9, position: 'there' })).toBe(false);
    expect(await orders.advance(revocationId, undefined, { revoked: 1, position: 'here' })).toBe(true);
    expect(await orders.advance(revocationId, undefined, { revoked: 9, position: 'there' })).toBe(false);
    expect(await orders.advance(revocationId, 'here', { revoked: 2, position: WALKED })).toBe(true);
    expect(await orders.advance(revocationId, WALKED, { revoked: 3, began: 1, completedAt: order.from })).toBe(true);
    expect(await orders.advance(revocationId, undefined, { revoked: 9, position: 'here' })).toBe(false);
    expect(await orders.get(revocationId)).toEqual({ ...order, revoked: 3, began: 1, completedAt: order.from });
  });

  it('advance once with two concurrent writers', async () => {
    const order = revocationRequestOf({ audience: fresh() });
    await orders.submit(order);
    const advance = () => orders.advance(order.revocationId, undefined, { revoked: 1, position: 'here' });
    expect((await Promise.all([advance(), advance()])).sort()).toEqual([false, true]);
  });
});

it('a revocation request in DynamoDB has what the audit reads', async () => {
  const order = revocationRequestOf({ audience: fresh() });
  await inDynamo.submit(order);
  const command = new GetItemCommand({ TableName: outputs.TableName, Key: revocationRequestKey(order.revocationId) });
  expect(auditedItem((await dynamo.send(command)).Item)).toMatchObject({
    kind: 'order',
    order: { ...order, revoked: 0 },
  });
});
