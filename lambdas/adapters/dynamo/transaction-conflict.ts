import { setTimeout as sleep } from 'node:timers/promises';
import { TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';

/** How often a write is repeated when others write to the same items: for a second or so. */
const TRIES = 5;

/**
 * Repeats a write while a transaction, or a write beside one, is under way on the same items. The AWS SDK does not.
 *
 * @throws what the write throws; the conflict, if it lasts
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
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

/** Why a transaction was cancelled, for each of its items; empty for any other error. */
export function cancellationCodes(error: unknown): string[] {
  const reasons = error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : [];
  return reasons.map(({ Code = 'None' }) => Code);
}
