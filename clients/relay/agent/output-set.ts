import type { Withdrawal } from '../model/output.ts';
import type { OutputStatus } from '../model/status.ts';
import type { Token } from '../model/token.ts';
import type { OutputWriter } from './output-writer.ts';

/** All outputs of one token. One that fails keeps no other from being written. */
export interface OutputSet {
  publish(token: Token): Promise<void>;
  withdraw(why: Withdrawal): Promise<void>;
  /** Whether readers find this token in every output. */
  isComplete(token: Token): boolean;
  statuses(): OutputStatus[];
  /** Looks whether readers still find what they should: what is not so is mended at the next tick. */
  look(): Promise<void>;
  tick(): void;
  /** Milliseconds until an output is tried again. */
  dueIn(): number;
  /**
   * Goes on with other outputs: those no longer there are withdrawn, then those that are new get the token.
   *
   * @param current the token, as it is by then: it may have been renewed, or taken back, meanwhile
   */
  replace(next: readonly OutputWriter[], current: () => Token | undefined): Promise<void>;
}

/** @param first the outputs until they are replaced */
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
    look: () => each((output) => output.look()),
    tick() {
      for (const output of outputs) output.tick();
    },
    dueIn: () => outputs.reduce((least, output) => Math.min(least, output.dueIn()), Number.POSITIVE_INFINITY),

    async replace(next, current) {
      const gone = outputs.filter((output) => !next.includes(output));
      const added = next.filter((output) => !outputs.includes(output));
      outputs = next;
      // First away, then there: the two may be one file in another form.
      await Promise.all(gone.map((output) => output.withdraw('removed from the configuration')));
      const token = current();
      if (token !== undefined) await Promise.all(added.map((output) => output.publish(token)));
    },
  };
}
