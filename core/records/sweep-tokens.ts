import type { Clock } from '../ports.ts';
import type { ExpiringTokens, TokenRecords } from './ports.ts';

export interface SweepTokensPorts {
  records: TokenRecords;
  expiring: ExpiringTokens;
  clock: Clock;
}

export interface Swept {
  /** The number of tokens that this sweep marked as expired. */
  expired: number;
  /**
   * The age of the oldest token that may still be unmarked when the sweep returns, in milliseconds since it expired.
   */
  lag: number;
}

const MINUTE = 60_000;

/**
 * The number of completed minutes that each sweep reads again. The index is eventually consistent, and a record may be
 * stored after its token expired.
 */
const AGAIN = 5;

/** How many minutes back the very first sweep starts. Tokens that expired earlier get no `Token Expired` event. */
const FIRST = 60;

/** The maximum number of records that are updated concurrently. */
const AT_ONCE = 50;

/**
 * Marks expired tokens as expired, minute by minute, from the end of the last sweep until now. The change of each
 * record causes a `Token Expired` event.
 *
 * If a sweep stops early or fails, the next sweep continues, because marked tokens have left the index. Concurrent
 * sweeps are safe, because a record changes to `expired` only once.
 *
 * @param deadline milliseconds since the epoch; no update starts after it
 */
export async function sweepTokens(deadline: number, { records, expiring, clock }: SweepTokensPorts): Promise<Swept> {
  const now = clock.now();
  const late = () => clock.now() >= deadline;
  const current = now - (now % MINUTE);
  const done = (await expiring.sweptTo()) ?? current - FIRST * MINUTE;
  let expired = 0;
  for (let minute = done - AGAIN * MINUTE; minute <= current; minute += MINUTE) {
    if (late()) return { expired, lag: clock.now() - minute };
    for await (const tokenIds of expiring.within(minute, now)) {
      for (let at = 0; at < tokenIds.length; at += AT_ONCE) {
        if (late()) return { expired, lag: clock.now() - minute };
        const some = tokenIds.slice(at, at + AT_ONCE);
        const marked = await Promise.all(some.map((tokenId) => records.expire(tokenId, now)));
        expired += marked.filter((changed) => changed).length;
      }
    }
    if (minute > done && minute < current) await expiring.advance(minute);
  }
  return { expired, lag: clock.now() - now };
}
