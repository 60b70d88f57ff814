import type { Withdrawal } from '../model/output.ts';
import type { OutputStatus } from '../model/status.ts';
import type { Token } from '../model/token.ts';
import type { OutputWriter } from './output-writer.ts';

/** All outputs of one token. A failing output does not affect the others. */
export interface OutputSet {
  publish(token: Token): Promise<void>;
  withdraw(why: Withdrawal): Promise<void>;
  /** Reports whether every output has this token. */
  isComplete(token: Token): boolean;
  statuses(): OutputStatus[];
  /** Reports whether the last write of an output failed. */
  isFailing(): boolean;
  /** Checks the content of every output. A wrong output is rewritten at the next tick. */
  look(): Promise<void>;
  tick(): void;
  /** Returns the milliseconds until the next retry of an output. */
  dueIn(): number;
  /**
   * Replaces the outputs. Withdraws the token from removed outputs, then publishes it to new ones.
   *
   * @param current returns the token at that time, since it may be renewed or revoked in the meantime
   */
  replace(next: readonly OutputWriter[], current: () => Token | undefined): Promise<void>;
}

/** @param first the initial outputs */
export function outputSet(first: readonly OutputWriter[]): OutputSet {
  let outputs = first;
  const each = async (what: (output: OutputWriter) => Promise<void>) => {
    await Promise.all(outputs.map(what));
  };
  return {
    publish: (token) => each((output) => output.publish(token)),
    withdraw: (why) => each((output) => output.withdraw(why)),
    isComplete: (token) => outputs.every((output) => output.shows(token)),
    statuses: () => outputs.map((output) => output.status()),
    isFailing: () => outputs.some((output) => output.isFailing()),
    look: () => each((output) => output.look()),
    tick() {
      for (const output of outputs) output.tick();
    },
    dueIn: () => outputs.reduce((least, output) => Math.min(least, output.dueIn()), Number.POSITIVE_INFINITY),

    async replace(next, current) {
      const gone = outputs.filter((output) => !next.includes(output));
      const added = next.filter((output) => !outputs.includes(output));
      outputs = next;
      // Withdraw first: a new output may be the same file in another format.
      await Promise.all(gone.map((output) => output.withdraw('removed from the configuration')));
      const token = current();
      if (token !== undefined) await Promise.all(added.map((output) => output.publish(token)));
    },
  };
}
