import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import { reasonOf } from '../model/reason.ts';
import type { Source } from '../model/source.ts';
import type { Token } from '../model/token.ts';
import type { WorkQueue } from '../model/work-queue.ts';
import { retryWait } from './schedule.ts';
import { deadlineIn } from './stopwatch.ts';
import { withinTime } from './time-limit.ts';

/** Milliseconds. */
const LONGEST_ANSWER = 30_000;
const SOONEST = 1_000;
const USUAL = 60_000;
const LATEST = 60 * 60_000;

/** Asks an issuer, as often as it says, whether the token in use was taken back. */
export interface RevocationWatch {
  /** Watches this token in place of the one before. */
  watch(source: Source, token: Token): void;
  stop(): void;
  tick(): void;
  /** Milliseconds until the issuer is asked again. */
  dueIn(): number;
}

/** @param tools.answered is told each time when the issuer knew */
export function revocationWatch(
  name: string,
  tools: {
    clock: Clock;
    log: Log;
    random(): number;
    queue: WorkQueue;
    answered(revoked: boolean): void;
    changed(): void;
  },
): RevocationWatch {
  const { clock, log, random, queue } = tools;
  let watched: { source: Source; token: Token; controller: AbortController } | undefined;
  let next = deadlineIn(clock, 0);
  let asking = false;
  let failures = 0;

  async function ask({ source, token, controller: { signal } }: NonNullable<typeof watched>): Promise<number> {
    try {
      const answer = await queue.run(
        name,
        () => withinTime(clock, LONGEST_ANSWER, signal, async (s) => source.revocation?.(token, s)),
        signal,
      );
      if (signal.aborted || answer === undefined) return Number.POSITIVE_INFINITY;
      failures = 0;
      tools.answered(answer.revoked);
      return Number.isFinite(answer.askAgainIn) ? Math.min(Math.max(SOONEST, answer.askAgainIn), LATEST) : USUAL;
    } catch (error) {
      if (signal.aborted) return Number.POSITIVE_INFINITY;
      failures += 1;
      // An issuer that is away tells nobody of a revocation; the token still ends by itself.
      log.warn({ token: name, error: reasonOf(error) }, 'nobody knows whether the token was revoked');
      return retryWait(failures, { left: Number.POSITIVE_INFINITY }, random());
    }
  }

  function stop(): void {
    watched?.controller.abort();
    watched = undefined;
    asking = false;
  }

  return {
    watch(source, token) {
      stop();
      if (source.revocation === undefined) return;
      watched = { source, token, controller: new AbortController() };
      next = deadlineIn(clock, 0);
    },
    stop,
    tick() {
      if (watched === undefined || asking || next.left() > 0) return;
      const current = watched;
      asking = true;
      void ask(current).then((wait) => {
        if (watched !== current) return;
        asking = false;
        next = deadlineIn(clock, wait);
        tools.changed();
      });
    },
    dueIn: () => (watched === undefined || asking ? Number.POSITIVE_INFINITY : next.left()),
  };
}
