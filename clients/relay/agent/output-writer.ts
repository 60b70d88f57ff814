import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import type { Output, Withdrawal } from '../model/output.ts';
import { reasonOf } from '../model/reason.ts';
import type { OutputStatus } from '../model/status.ts';
import type { Token } from '../model/token.ts';
import { retryWait } from './schedule.ts';
import { type Deadline, deadlineIn, left, momentOf } from './times.ts';

/** Writes one output, and again until it is as it should be. Its failures are its own: nothing is fetched again for them. */
export interface OutputWriter {
  /** @returns once it was tried; afterwards it is tried again until it works */
  publish(token: Token): Promise<void>;
  /** Likewise. */
  withdraw(why: Withdrawal): Promise<void>;
  /** Whether readers find this token there. */
  shows(token: Token): boolean;
  status(): OutputStatus;
  /** Looks whether readers still find what they should. What is not so is in its status, and mended at the next tick. */
  look(): Promise<void>;
  /** Tries again if that is due. */
  tick(): void;
  /** Milliseconds until it is tried again. */
  dueIn(): number;
}

/** What an output should be like. */
interface Goal {
  readonly token?: Token;
  reach(): Promise<void>;
}

/** Milliseconds: what takes longer to be looked at or written hangs, as a network file system does whose server is away. */
const PATIENCE = 2_000;
const HANGS = 'its file system does not answer';

/** @param changed is told after each try */
export function outputWriter(
  output: Output,
  { clock, log, random, changed }: { clock: Clock; log: Log; random(): number; changed(): void },
): OutputWriter {
  let goal: Goal | undefined;
  let reached: Goal | undefined;
  let working: Promise<void> | undefined;
  let problem: string | undefined;
  let failures = 0;
  let retry = deadlineIn(momentOf(clock), 0);
  let patience = deadlineIn(momentOf(clock), 0);

  /** The sentences of outputs name them; here they stand beside the name. */
  const withoutName = (sentence: string) =>
    sentence.startsWith(`${output.name}: `) ? sentence.slice(output.name.length + 2) : sentence;
  const isOver = (deadline: Deadline) => left(deadline, momentOf(clock)) === 0;
  const isOwing = () => goal !== reached;

  async function reachGoal(): Promise<void> {
    // While one is written, another may have come.
    while (goal !== undefined && isOwing()) {
      const aim: Goal = goal;
      try {
        await aim.reach();
        if (failures > 0) log.info({ output: output.name }, 'an output is right again');
        reached = aim;
        problem = undefined;
        failures = 0;
      } catch (error) {
        reached = undefined;
        problem = withoutName(reasonOf(error));
        failures += 1;
        if (aim !== goal) continue;
        const wait = retryWait(failures, undefined, random());
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
    publish: (token) => aimAt({ token, reach: () => output.publish(token) }),
    withdraw: (why) => aimAt({ reach: () => output.withdraw(why) }),
    shows: (token) => reached?.token === token && problem === undefined,
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
      log.warn({ output: output.name, problem: found }, 'an output is not as it was left: it is written again');
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
