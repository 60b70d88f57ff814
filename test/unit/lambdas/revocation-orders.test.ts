import {
  type CancellationReason,
  type DynamoDBClient,
  GetItemCommand,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import type { RevocationOrder } from '../../../core/revocation/order.ts';
import { dynamoRevocationOrders } from '../../../lambdas/adapters/dynamo-revocation-orders.ts';

// No emulator lets two transactions conflict: these are the answers that AWS documents.

const order: RevocationOrder = {
  revocationId: 'a',
  selector: { audience: 'orders-db' },
  revokedBefore: 1,
  from: 1,
  by: 'security.team',
  reason: 'incident 42',
  orderedAt: 1,
};

/** A table where transactions are cancelled for these reasons, one after another, and then written. */
function cancelling(...cancellations: string[][]) {
  let transactions = 0;
  const send = async (command: unknown) => {
    if (command instanceof GetItemCommand) return {};
    const codes = cancellations[transactions++];
    if (codes === undefined) return {};
    const CancellationReasons = codes.map((Code): CancellationReason => ({ Code }));
    throw new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons });
  };
  const orders = dynamoRevocationOrders({ send } as unknown as DynamoDBClient, 'table', 3_600);
  return { orders, transactions: () => transactions };
}

const CONFLICT = ['None', 'TransactionConflict'];

it('an order is placed although others are at the same items', async () => {
  const { orders, transactions } = cancelling(CONFLICT, CONFLICT);
  expect(await orders.place(order)).toEqual({ ...order, revoked: 0 });
  expect(transactions()).toBe(3);
});

it('an order that is there is not placed again, whatever else is in the way', async () => {
  const { orders, transactions } = cancelling(['ConditionalCheckFailed', 'TransactionConflict']);
  await orders.place(order);
  expect(transactions()).toBe(1);
});

it('where they go on conflicting it is a fault of DynamoDB, after some tries', async () => {
  const { orders, transactions } = cancelling(...Array.from({ length: 20 }, () => CONFLICT));
  await expect(orders.place(order)).rejects.toMatchObject({ name: 'DependencyFault' });
  expect(transactions()).toBe(6);
});

it('what is no conflict is not tried again', async () => {
  const { orders, transactions } = cancelling(['None', 'ThrottlingError']);
  await expect(orders.place(order)).rejects.toMatchObject({ name: 'DependencyFault' });
  expect(transactions()).toBe(1);
});
