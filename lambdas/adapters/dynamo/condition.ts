import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { awsCall } from '../aws-call.ts';
import { cancellationCodes } from './transaction-conflict.ts';

/**
 * Awaits a conditional write, or a transaction that contains one.
 *
 * @returns whether the condition held, so that the write was made
 * @throws DependencyFault for every other failure
 */
export async function conditionHolds(write: Promise<unknown>): Promise<boolean> {
  const held = write.then(
    () => true,
    (error: unknown) => {
      if (error instanceof ConditionalCheckFailedException) return false;
      if (cancellationCodes(error).includes('ConditionalCheckFailed')) return false;
      throw error;
    },
  );
  return awsCall('DynamoDB', held);
}
