import {
  type CancellationReason,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { dynamoSubjectStatuses } from '#lambdas/adapters/dynamo/subject-statuses.ts';

// Writes do not conflict in emulators. These errors follow the AWS documentation.

const block = { until: 2, at: 1, by: 'security.team' };

/** A table whose writes fail with these errors, one after another, and then succeed. */
function failing(...errors: Error[]) {
  let writes = 0;
  const send = async (command: unknown) => {
    if (command instanceof GetItemCommand) return {};
    const error = errors[writes++];
    if (error !== undefined) throw error;
    return {};
  };
  return {
    subjectStatuses: dynamoSubjectStatuses({ send } as unknown as DynamoDBClient, 'table'),
    writes: () => writes,
  };
}

function cancelled(...codes: string[]) {
  const CancellationReasons = codes.map((Code): CancellationReason => ({ Code }));
  return new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons });
}

const conflict = () => new TransactionConflictException({ message: 'conflict', $metadata: {} });

it('retries a change while others write to the same subject', async () => {
  const blocking = failing(cancelled('TransactionConflict', 'None'), cancelled('TransactionConflict', 'None'));
  expect(await blocking.subjectStatuses.block('subject', block)).toBe(2);
  expect(blocking.writes()).toBe(3);
  const raising = failing(conflict());
  await raising.subjectStatuses.raise('subject', 1);
  expect(raising.writes()).toBe(2);
});

it('does not retry a change whose condition fails, even with other conflicts', async () => {
  const transaction = failing(cancelled('ConditionalCheckFailed', 'TransactionConflict'));
  expect(await transaction.subjectStatuses.unblock('subject', { at: 1, by: 'operator' })).toBe(false);
  expect(transaction.writes()).toBe(1);
  const update = failing(new ConditionalCheckFailedException({ message: 'no', $metadata: {} }));
  await update.subjectStatuses.raise('subject', 1);
  expect(update.writes()).toBe(1);
});

it('fails as a DynamoDB error for a persistent conflict, and for any other error', async () => {
  const lasting = failing(...Array.from({ length: 20 }, conflict));
  await expect(lasting.subjectStatuses.raise('subject', 1)).rejects.toMatchObject({ name: 'DependencyFault' });
  expect(lasting.writes()).toBe(6);
  const throttled = failing(cancelled('None', 'ThrottlingError'));
  await expect(throttled.subjectStatuses.block('subject', block)).rejects.toMatchObject({ name: 'DependencyFault' });
  expect(throttled.writes()).toBe(1);
});
