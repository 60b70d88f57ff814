import type { Clock } from '../ports.ts';
import type { ExpiringTokens, TokenRecords } from './ports.ts';

export interface SweepTokensPorts {
  records: TokenRecords;
  expiring: ExpiringTokens;
  clock: Clock;
}

export interface Swept {
  /** How many tokens this sweep noted as expired. */
  expired: number;
  /** How far it is behind when it ends, in milliseconds: no token that ended earlier than that is missing. */
  lag: number;
}

const MINUTE = 60_000;

/**
 * Minutes that are looked at once more, though they were done: the index is eventually consistent, and a record may be
 * stored after its token ended.
 */
const AGAIN = 5;

/** How many minutes back the first sweep of all begins: what ended before that, before there were sweeps, is not told of. */
const FIRST = 60;

/** Records that are noted at the same time. */
const AT_ONCE = 50;

/**
 * Notes of tokens past their end that they are expired, minute by minute, from where an earlier sweep stopped until now.
 * Each becomes a `Token Expired` event by the change of its record.
 *
 * Where it ends early, or fails, the next one goes on: what is noted has left the index. Two at the same time do no harm,
 * since a record expires once.
 *
 * @param deadline it begins nothing more after that (milliseconds)
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
        const noted = await Promise.all(some.map((tokenId) => records.expire(tokenId, now)));
        expired += noted.filter((first) => first).length;
      }
    }
    if (minute > done && minute < current) await expiring.advance(minute);
  }
  return { expired, lag: clock.now() - now };
}
