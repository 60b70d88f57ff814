import { isDeepStrictEqual } from 'node:util';
import { reasonOf } from '../model/reason.ts';
import { SourceFailure } from '../model/source.ts';
import { isAlive, type Token } from '../model/token.ts';
import { conditionAtStart, statusOf } from './condition.ts';
import { type HeldToken, hold, wrongClockNotice } from './held-token.ts';
import { judge } from './judge-token.ts';
import type { Change, KeeperTools, Origin, TokenKeeper } from './keeper.ts';
import { isoTime, secondsOf } from './log-details.ts';
import type { Publication } from './publication.ts';
import { revocationWatch } from './revocation-watch.ts';
import { askAgainWait, renewalWait, retryWait, SHORTEST_WAIT } from './schedule.ts';
import { singleFlight } from './single-flight.ts';
import { deadlineIn } from './stopwatch.ts';
import { withinTime } from './time-limit.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** @param firstOrigin where it comes from until it is moved */
export function tokenKeeper(
  { name: token, type: firstType }: { name: string; type: string },
  firstOrigin: Origin,
  publication: Publication,
  tools: KeeperTools,
): TokenKeeper {
  const { clock, log, random } = tools;
  const now = conditionAtStart(clock);
  let type = firstType;
  let origin = firstOrigin;
  /** False while what is in use was issued to settings that have changed since: no source but its own can renew it. */
  let isOfThisSource = true;
  let writing: Promise<void> = Promise.resolve();
  const revoked: { inARow: number; last?: Token | undefined } = { inARow: 0 };
  let tried = false;
  let ended = false;
  const isOfWrongClock = wrongClockNotice();

  const fetching = singleFlight(fetchOnce);
  const revocation = revocationWatch(token, {
    clock,
    log,
    random,
    queue: tools.revocations,
    answered(isRevoked) {
      if (isRevoked) revokedOnce();
      else revoked.inARow = 0;
    },
    changed: tools.changed,
  });

  const fetchIn = (wait: number) => {
    now.next = deadlineIn(clock, wait);
  };

  const fetchBySchedule = ({ lifetime, age }: HeldToken) =>
    fetchIn(Math.max(SHORTEST_WAIT, renewalWait(lifetime, origin.schedule, random()) - age()));

  async function fetchOnce(signal: AbortSignal): Promise<void> {
    const { source, fetchLimit, missingToken } = origin;
    const previous = isOfThisSource ? now.inUse?.token : undefined;
    try {
      const fetched = await tools.fetches.run(
        token,
        () => withinTime(clock, fetchLimit, signal, (limited) => source.fetch(previous, limited)),
        signal,
      );
      signal.throwIfAborted();
      accept(fetched);
    } catch (error) {
      const missing = missingToken();
      if (!signal.aborted) missing === undefined ? fail(error) : waitFor(missing);
      throw error instanceof SourceFailure ? error : new SourceFailure(reasonOf(error), { cause: error });
    } finally {
      tools.changed();
    }
  }

  function accept(fetched: Token): void {
    const verdict = judge(fetched, now.inUse?.token, clock.now(), revoked.last);
    if (verdict.kind === 'refused') throw new SourceFailure(verdict.because);
    now.fetches.succeeded += 1;
    if (now.failures > 0) log.info({ token, failures: now.failures }, 'the source is there again');
    Object.assign(now, { failures: 0, trouble: undefined, waitsFor: undefined });
    if (verdict.kind === 'unchanged') {
      if (!isOfThisSource) revocation.watch(origin.source, fetched);
      isOfThisSource = true;
      fetchIn(askAgainWait(now.inUse?.left() ?? 0));
      tried = true;
      log.debug({ token, next_fetch_in_seconds: secondsOf(now.next.left()) }, 'the source gave the same token again');
      return;
    }
    use(fetched, verdict.kind);
    log.info(
      { token, expires_at: isoTime(fetched.expiresAt), next_fetch_in_seconds: secondsOf(now.next.left()) },
      `a token was ${verdict.kind}`,
    );
  }

  function use(fetched: Token, kind: Change): void {
    const before = now.inUse?.token;
    now.inUse = hold(fetched, clock);
    now.goneBecause = undefined;
    isOfThisSource = true;
    fetchBySchedule(now.inUse);
    revocation.watch(origin.source, fetched);
    // What readers find would be the same to the letter, and a file that changes wakes those who watch it.
    const isWritten = kind === 'extended' && before?.expiresAt === fetched.expiresAt;
    tools.taken(fetched, isWritten ? 'confirmed' : kind);
    if (isWritten) tried = true;
    else write(fetched, kind);
  }

  function write(fetched: Token, kind: Change): void {
    writing = publication.publish(fetched).then(() => {
      tried ||= kind !== 'restored';
      if (kind !== 'extended' && now.inUse?.token === fetched) tools.published(fetched);
      tools.changed();
    });
  }

  function fail(error: unknown): void {
    now.failures += 1;
    now.fetches.failed += 1;
    now.trouble = reasonOf(error);
    now.waitsFor = undefined;
    tried = true;
    const inUse = now.inUse && { left: now.inUse.left(), lifetime: now.inUse.lifetime };
    const retryAfter = error instanceof SourceFailure ? error.retryAfter : undefined;
    fetchIn(retryWait(now.failures, inUse, random(), retryAfter));
    log.warn(
      { token, error: now.trouble, failures: now.failures, retry_in_seconds: secondsOf(now.next.left()) },
      'a token could not be fetched',
    );
  }

  /** What was told of a token’s end by a wrong clock is wrong wherever it is written. */
  function mindWrongClock(): void {
    if (!isOfWrongClock(now.inUse)) return;
    log.warn({ token }, 'the clock of this machine was set back: the token is fetched anew');
    if (now.failures === 0) fetchIn(0);
  }

  /** That another token is not there yet is no failure of this one’s source. */
  function waitFor(missing: string): void {
    if (now.waitsFor !== missing) log.info({ token, waits_for: missing }, 'a token waits for another');
    now.waitsFor = missing;
    now.trouble = `it waits for the token ${missing}`;
    // It may have come while this fetch was failing for want of it.
    fetchIn(tools.isThere(missing) ? 0 : NEVER);
  }

  function takeOut(why: 'expired' | 'revoked'): void {
    now.inUse = undefined;
    now.goneBecause = why;
    revocation.stop();
    log.warn(
      { token },
      why === 'expired' ? 'a token has expired: it is withdrawn' : 'a token was revoked: it is withdrawn',
    );
    tools.taken(undefined);
    writing = publication.withdraw(why).then(() => {
      if (now.inUse === undefined) tools.published(undefined);
      tools.changed();
    });
  }

  function revokedOnce(): void {
    Object.assign(revoked, { inARow: revoked.inARow + 1, last: now.inUse?.token });
    takeOut('revoked');
    // Whose tokens are revoked as soon as they are issued is blocked.
    fetchIn(revoked.inARow === 1 ? 0 : retryWait(revoked.inARow + 1, { left: NEVER }, random()));
  }

  const isFetchDue = () => !fetching.isOn() && now.next.left() === 0;

  return {
    publication,
    cacheable: () => (isOfThisSource ? now.inUse?.token : undefined),
    current: () => (now.inUse !== undefined && now.inUse.left() > 0 ? now.inUse.token : undefined),
    status: () =>
      statusOf({ name: token, type }, now, {
        schedule: origin.schedule,
        outputs: publication.statuses(),
        now: clock.now(),
      }),
    leftShare: () => now.inUse?.leftShare() ?? 0,
    waitsFor: () => now.waitsFor,
    wasTried: () => tried,

    restore(cached) {
      if (now.inUse !== undefined || ended) return;
      if (!isAlive(cached, clock.now())) return takeOut('expired');
      use(cached, 'restored');
      log.info({ token, expires_at: isoTime(cached.expiresAt) }, 'a token was restored from the cache');
      // Its source may have another by now, or have revoked it.
      fetchIn(0);
    },

    async refresh() {
      if (ended) throw new SourceFailure('the agent does not keep this token any more');
      await fetching.run();
      await writing;
    },

    hurry() {
      fetchIn(0);
      tools.changed();
    },

    moveTo(nextType, next, sameSource) {
      const { schedule } = origin;
      type = nextType;
      origin = next;
      if (!sameSource) {
        fetching.giveUp();
        // Who asks the same issuer in another way learns of its revocation all the same; another issuer does not know.
        if (now.inUse !== undefined) revocation.watch(next.source, now.inUse.token);
        isOfThisSource = false;
        Object.assign(now, { failures: 0, trouble: undefined, waitsFor: undefined });
        fetchIn(0);
      } else if (now.inUse && now.failures === 0 && !isDeepStrictEqual(schedule, next.schedule)) {
        fetchBySchedule(now.inUse);
      }
      tools.changed();
    },

    tick() {
      if (ended) return;
      if (now.inUse?.left() === 0) takeOut('expired');
      mindWrongClock();
      if (isFetchDue()) fetching.run().catch(() => undefined);
      revocation.tick();
      publication.tick();
    },

    dueIn() {
      if (ended) return NEVER;
      const fetch = fetching.isOn() ? NEVER : now.next.left();
      return Math.min(fetch, now.inUse?.left() ?? NEVER, revocation.dueIn(), publication.dueIn());
    },

    async end(why) {
      ended = true;
      fetching.giveUp();
      revocation.stop();
      now.inUse = undefined;
      await publication.withdraw(why);
    },
  };
}
