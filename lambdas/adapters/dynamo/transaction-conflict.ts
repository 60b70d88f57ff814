import { setTimeout as sleep } from 'node:timers/promises';
import { TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';

/** Maximum number of retries, which take about a second. */
const TRIES = 5;

/**
 * Retries a write that conflicts with a concurrent transaction on the same items. The AWS SDK does not retry it.
 *
 * @throws the error of the write, or the conflict if it persists
 * @see
 *   https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
 */
export async function retryConflicts<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    if (attempt > 0) await sleep(Math.random() * 25 * 2 ** attempt);
    try {
      return await write();
    } catch (error) {
      if (!isConflict(error) || attempt === TRIES) throw error;
    }
  }
}

function isConflict(error: unknown): boolean {
  if (error instanceof TransactionConflictException) return true;
  const codes = cancellationCodes(error);
  return codes.includes('TransactionConflict') && !codes.includes('ConditionalCheckFailed');
}

/** Returns why a transaction was cancelled, one code per item. Empty for any other error. */
export function cancellationCodes(error: unknown): string[] {
  const reasons = error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : [];
  return reasons.map(({ Code = 'None' }) => Code);
}
