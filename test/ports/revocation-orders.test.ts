import { DeleteItemCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, inject, it } from 'vitest';
import { limits } from '../../contract/limits.ts';
import type { RevocationSelector } from '../../contract/selector.ts';
import type { RevocationOrders } from '../../core/oversight-ports.ts';
import { type RevocationOrder, WALKED } from '../../core/revocation/order.ts';
import { orderCopyKey, orderKey, remembered } from '../../lambdas/adapters/dynamo-items.ts';
import { dynamoRevocationOrders } from '../../lambdas/adapters/dynamo-revocation-orders.ts';
import { inMemoryOrders } from '../fakes/in-memory-records.ts';

const { target, outputs } = inject('deployed');
const dynamo = new DynamoDBClient(target);
const inDynamo = dynamoRevocationOrders(dynamo, outputs.TableName, 3_600);

const adapters: [string, RevocationOrders][] = [
  ['in memory', inMemoryOrders()],
  ['DynamoDB', inDynamo],
];

/** An order with places of its own: other tests' orders are not found there. */
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

describe.each(adapters)('revocation orders: %s', (_, orders) => {
  it('are kept as they were placed first', async () => {
    const order = orderOf({ audience: fresh() });
    expect(await orders.get(order.revocationId)).toBeUndefined();
    expect(await orders.place(order)).toEqual({ ...order, revoked: 0 });
    await orders.advance(order.revocationId, undefined, { revoked: 3, position: 'here' });
    const again = await orders.place({ ...order, selector: { all: true }, by: 'another' });
    expect(again).toEqual({ ...order, revoked: 3, position: 'here' });
    expect(await orders.get(order.revocationId)).toEqual(again);
  });

  it('advance from where they stand, and not at all once they are completed', async () => {
    const order = orderOf({ audience: fresh() });
    const { revocationId } = order;
    expect(await orders.advance(revocationId, undefined, { revoked: 1, position: 'here' })).toBe(false);
    await orders.place(order);
    expect(await orders.advance(revocationId, 'here', { revoked: 9, position: 'there' })).toBe(false);
    expect(await orders.advance(revocationId, undefined, { revoked: 1, position: 'here' })).toBe(true);
    expect(await orders.advance(revocationId, undefined, { revoked: 9, position: 'there' })).toBe(false);
    expect(await orders.advance(revocationId, 'here', { revoked: 2, position: WALKED })).toBe(true);
    expect(await orders.advance(revocationId, WALKED, { revoked: 2, late: 1, completedAt: order.from })).toBe(true);
    expect(await orders.advance(revocationId, undefined, { revoked: 9, position: 'here' })).toBe(false);
    expect(await orders.get(revocationId)).toEqual({ ...order, revoked: 2, late: 1, completedAt: order.from });
  });

  it('advance once, by two at the same time', async () => {
    const order = orderOf({ audience: fresh() });
    await orders.place(order);
    const advance = () => orders.advance(order.revocationId, undefined, { revoked: 1, position: 'here' });
    expect((await Promise.all([advance(), advance()])).sort()).toEqual([false, true]);
  });

  it('are found by each place that they look at, until their last token has ended', async () => {
    const place = fresh();
    const byResource = orderOf({ resource: `${place}/b` });
    const byAudience = orderOf({ audience: place });
    for (const order of [byResource, byAudience]) await orders.place(order);
    const found = async (...entries: Parameters<RevocationOrders['atWorkOn']>[0]) =>
      (await orders.atWorkOn(entries)).map(({ revocationId }) => revocationId).sort();
    const at = (dimension: 'resource' | 'subtree' | 'audience' | 'subject', value: string) => ({ dimension, value });
    expect(await found(at('resource', `${place}/b`))).toEqual([byResource.revocationId]);
    expect(await found(at('subtree', place))).toEqual([byResource.revocationId]);
    expect(await found(at('audience', place))).toEqual([byAudience.revocationId]);
    expect(await found(at('subject', place), at('resource', place))).toEqual([]);
    expect(await found(at('resource', `${place}/b`), at('subtree', place), at('audience', place))).toEqual(
      [byResource.revocationId, byAudience.revocationId].sort(),
    );
    expect(await orders.atWorkOn([at('audience', place)])).toMatchObject([byAudience]);
  });

  it('of one token are looked for nowhere', async () => {
    const audience = fresh();
    const order = orderOf({ tokenId: crypto.randomUUID(), audience });
    await orders.place(order);
    expect(await orders.atWorkOn([{ dimension: 'audience', value: audience }])).toEqual([]);
    expect(await orders.get(order.revocationId)).toMatchObject(order);
  });

  it('count a token that was taken back late once', async () => {
    const { revocationId } = await orders.place(orderOf({ audience: fresh() }));
    expect(await orders.late(revocationId)).toBe(0);
    const [one, other] = [crypto.randomUUID(), crypto.randomUUID()];
    for (const tokenId of [one, other, one]) await orders.noteLate(revocationId, tokenId);
    expect(await orders.late(revocationId)).toBe(2);
    expect(await orders.late(crypto.randomUUID())).toBe(0);
  });
});

describe('revocation orders in DynamoDB', () => {
  it('are found no longer when their last token has ended, though the item may still be there', async () => {
    const audience = fresh();
    const longAgo = Date.now() - (limits.lifetime + 60) * 1000;
    await inDynamo.place(orderOf({ audience }, { revokedBefore: longAgo, from: longAgo, orderedAt: longAgo }));
    expect(await inDynamo.atWorkOn([{ dimension: 'audience', value: audience }])).toEqual([]);
  });

  it('are placed with all their copies or not at all', async () => {
    const place = fresh();
    const order = orderOf({ resource: `${place}/b/c` });
    await inDynamo.place(order);
    const copy = orderCopyKey({ dimension: 'subtree', value: place }, order.revocationId);
    const get = (Key: typeof copy) =>
      dynamo.send(new GetItemCommand({ TableName: outputs.TableName, Key, ConsistentRead: true }));
    expect((await get(copy)).Item).toBeDefined();
    // A second placing finds the order there, and writes no copy.
    await dynamo.send(new DeleteItemCommand({ TableName: outputs.TableName, Key: copy }));
    await inDynamo.place(order);
    expect((await get(copy)).Item).toBeUndefined();
  });

  it('of a workload about a task of its own have one copy, of the latest: it cannot make indexing slow', async () => {
    const [task, subject] = [fresh(), `arn:aws:iam::111122223333:role/${fresh()}`];
    const own = (revokedBefore: number, change = {}) =>
      inDynamo.place(orderOf({ subject, task }, { by: subject, revokedBefore, ...change }));
    const at = [{ dimension: 'task', value: task }] as const;
    const now = Date.now();
    await own(now - 20);
    const latest = await own(now);
    const earlier = await own(now - 10);
    // As a later call of the same request finds it.
    expect(
      await inDynamo.place(orderOf({ subject, task }, { revocationId: earlier.revocationId, by: subject })),
    ).toEqual(earlier);
    expect(await inDynamo.get(earlier.revocationId)).toEqual(earlier);
    expect((await inDynamo.atWorkOn(at)).map(({ revocationId }) => revocationId)).toEqual([latest.revocationId]);
    // Others', and those that pick out less, stand beside it.
    await own(now + 10, { by: 'security.team' });
    await inDynamo.place(orderOf({ subject, task, audience: 'orders-db' }, { by: subject, revokedBefore: now + 20 }));
    expect(await inDynamo.atWorkOn(at)).toHaveLength(3);
  });

  it('tell the audit by the order alone, not by its copies', async () => {
    const order = orderOf({ audience: fresh() });
    await inDynamo.place(order);
    const get = async (Key: ReturnType<typeof orderKey>) =>
      remembered((await dynamo.send(new GetItemCommand({ TableName: outputs.TableName, Key }))).Item);
    expect(await get(orderKey(order.revocationId))).toMatchObject({ kind: 'order', order: { ...order, revoked: 0 } });
    const copy = orderCopyKey({ dimension: 'audience', value: order.selector.audience ?? '' }, order.revocationId);
    expect(await get(copy)).toBeUndefined();
  });
});
