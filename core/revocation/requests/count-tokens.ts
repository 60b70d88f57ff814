import type { Clock } from '../../ports.ts';
import type { TokenIndex, TokenRecords } from '../../records/ports.ts';
import { type SubmittedRevocation, toRevocationRequest } from './revocation-request.ts';
import { isRevocable, selectedPage } from './selected-page.ts';

/** The effect that a revocation would have. */
export interface TokensCounted {
  tokens: number;
  /** The number of subjects that the tokens were issued to. */
  subjects: number;
  /** Whether every token was counted. */
  complete: boolean;
}

/**
 * Counts the tokens that a revocation would revoke now, without revoking them.
 *
 * @param deadline milliseconds since the epoch; no page is read after it
 */
export async function countTokens(
  submitted: SubmittedRevocation,
  deadline: number,
  ports: { records: TokenRecords; index: TokenIndex; clock: Clock },
): Promise<TokensCounted> {
  const order = toRevocationRequest(submitted, { blockFor: 0 });
  const subjects = new Set<string>();
  let tokens = 0;
  let position: string | undefined;
  do {
    const { found, next } = await selectedPage(order, { position }, ports);
    for (const record of found) {
      if (!isRevocable(record, ports.clock.now())) continue;
      tokens += 1;
      subjects.add(record.subject);
    }
    position = next;
  } while (position !== undefined && ports.clock.now() < deadline);
  return { tokens, subjects: subjects.size, complete: position === undefined };
}
