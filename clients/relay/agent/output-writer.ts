import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import type { Output, Withdrawal } from '../model/output.ts';
import { reasonOf } from '../model/reason.ts';
import type { OutputStatus } from '../model/status.ts';
import type { Token } from '../model/token.ts';
import { retryWait } from './schedule.ts';
import { type Deadline, deadlineIn, left, momentOf } from './times.ts';
import { inUseFrom, leftOf, type TokenInUse } from './token-in-use.ts';

/**
 * Writes one output, and retries until it succeeds. A failed write does not cause another fetch. If the output still has
 * an older token when that token expires, the older token is withdrawn: that needs no space on a full disk.
 */
export interface OutputWriter {
  /** Publishes a token. @returns after the first attempt. Later attempts follow until one succeeds */
  publish(token: Token): Promise<void>;
  /** Withdraws the token, with the same retries. */
  withdraw(why: Withdrawal): Promise<void>;
  /** Reports whether the output has this token. */
  shows(token: Token): boolean;
  status(): OutputStatus;
  /** Reports whether the last write failed. */
  isFailing(): boolean;
  /** Checks the content of the output. A problem appears in the status and is corrected at the next tick. */
  look(): Promise<void>;
  /** Retries if a retry is due. */
  tick(): void;
  /** Returns the milliseconds until the next retry. */
  dueIn(): number;
}

/** The desired state of an output. */
interface Goal {
  readonly token?: Token;
  reach(): Promise<void>;
}

/** Milliseconds after which a check or a write counts as hanging, such as on a network file system without a server. */
const PATIENCE = 2_000;
const HANGS = 'its file system does not respond';

/** @param changed called after each attempt */
export function outputWriter(
  output: Output,
  { clock, log, random, changed }: { clock: Clock; log: Log; random(): number; changed(): void },
): OutputWriter {
  let goal: Goal | undefined;
  let reached: Goal | undefined;
  let working: Promise<void> | undefined;
  let problem: string | undefined;
  let failures = 0;
  /** The token that readers find, if this process wrote it. */
  let shown: TokenInUse | undefined;
  let retry = deadlineIn(momentOf(clock), 0);
  let patience = deadlineIn(momentOf(clock), 0);

  /** Removes the output's name from a message, since the log has the name in its own field. */
  const withoutName = (sentence: string) =>
    sentence.startsWith(`${output.name}: `) ? sentence.slice(output.name.length + 2) : sentence;
  const warnOf = (why: string) => log.warn({ output: output.name, problem: why }, 'a value was left out of an output');
  const isOver = (deadline: Deadline) => left(deadline, momentOf(clock)) === 0;
  const isOwing = () => goal !== reached;

  /** After a failed write: withdraws the token that readers find, if it has expired. @returns the wait before a retry */
  async function withdrawIfExpired(wait: number): Promise<number> {
    if (goal?.token === undefined || shown === undefined) return wait;
    const untilOutdated = leftOf(shown, momentOf(clock));
    if (untilOutdated > 0) return Math.min(wait, untilOutdated);
    try {
      await output.withdraw('expired');
      shown = undefined;
      log.warn({ output: output.name }, 'an expired token was withdrawn from an output that cannot be written');
    } catch {
      // Tried again after the next failed write, whose error is reported.
    }
    return wait;
  }

  async function reachGoal(): Promise<void> {
    // A new goal may have arrived during the write.
    while (goal !== undefined && isOwing()) {
      const aim: Goal = goal;
      try {
        await aim.reach();
        shown = aim.token && inUseFrom(aim.token, momentOf(clock));
        if (failures > 0) log.info({ output: output.name }, 'an output works again');
        reached = aim;
        problem = undefined;
        failures = 0;
      } catch (error) {
        reached = undefined;
        problem = withoutName(reasonOf(error));
        failures += 1;
        if (aim !== goal) continue;
        const wait = await withdrawIfExpired(retryWait(failures, undefined, random()));
        if (aim !== goal) continue;
        retry = deadlineIn(momentOf(clock), wait);
        log.error({ output: output.name, error: problem, retry_in_seconds: wait / 1_000 }, 'an output failed');
        return;
      }
    }
  }

  function work(): Promise<void> {
    if (working === undefined) patience = deadlineIn(momentOf(clock), PATIENCE);
    working ??= reachGoal().finally(() => {
      working = undefined;
      changed();
    });
    return working;
  }

  function aimAt(next: Goal): Promise<void> {
    goal = next;
    return work();
  }

  return {
    publish: (token) => aimAt({ token, reach: () => output.publish(token, warnOf) }),
    withdraw: (why) => aimAt({ reach: () => output.withdraw(why) }),
    shows: (token) => reached?.token === token && problem === undefined,
    isFailing: () => failures > 0,
    status() {
      const hangs = working !== undefined && isOver(patience);
      const known = problem ?? (hangs ? HANGS : undefined);
      return { name: output.name, ...(known !== undefined && { problem: known }) };
    },

    async look() {
      if (reached?.token === undefined || isOwing() || working !== undefined) return;
      const checked = reached;
      const found = await inTime(output.problem().catch(reasonOf));
      if (found === undefined || reached !== checked || isOwing()) return;
      problem = found;
      reached = undefined;
      retry = deadlineIn(momentOf(clock), 0);
      log.warn({ output: output.name, problem: found }, 'an output was changed by another program: rewriting it');
    },

    tick() {
      if (isOwing() && working === undefined && isOver(retry)) void work();
    },
    dueIn: () => (isOwing() && working === undefined ? left(retry, momentOf(clock)) : Number.POSITIVE_INFINITY),
  };

  async function inTime(look: Promise<string | undefined>): Promise<string | undefined> {
    let cancel = () => {};
    const late = new Promise<string>((resolve) => {
      cancel = clock.after(PATIENCE, () => resolve(HANGS));
    });
    return await Promise.race([look, late]).finally(() => cancel());
  }
}
