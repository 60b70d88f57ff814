import { setImmediate as idle } from 'node:timers/promises';

/** The error that a process gets when it crashes. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/**
 * The calls at which a process crashes, by the number of the call, and whether it crashes before or after the call's
 * effect.
 */
export type Crashes = ReadonlyMap<number, 'before' | 'after'>;

/** Ports whose calls each wait for a turn, so that concurrent work can run in any order. */
export interface Turns {
  /** Returns the same ports for one process. @param crashes the calls at which it crashes */
  of<Ports extends object>(ports: Ports, crashes?: Crashes): Ports;
  /**
   * Runs processes, one call at a time, until they and everything they started have finished.
   *
   * @param choose returns the index of the next call, given the number of waiting calls
   * @throws the first error of a process
   */
  run(processes: readonly Promise<unknown>[], choose: (waiting: number) => number): Promise<void>;
}

/** Between two calls, a process may only do work that finishes within one turn of the event loop. */
export function turns(): Turns {
  const waiting: (() => void)[] = [];
  const turn = () => new Promise<void>((resolve) => waiting.push(resolve));
  return {
    of(ports, crashes = new Map()) {
      let calls = 0;
      const gated = (port: object) =>
        new Proxy(port, {
          get(target, name) {
            const member = Reflect.get(target, name);
            if (typeof member !== 'function') return member;
            return async (...args: unknown[]) => {
              const crash = crashes.get(calls++);
              await turn();
              if (crash === 'before') throw new Crash(`before ${String(name)}`);
              const result = await member.apply(target, args);
              if (crash === 'after') throw new Crash(`after ${String(name)}`);
              return result;
            };
          },
        });
      const entries = Object.entries(ports).map(([name, port]) => [name, name === 'clock' ? port : gated(port)]);
      return Object.fromEntries(entries);
    },
    async run(processes, choose) {
      let over = false;
      const all = Promise.all(processes).finally(() => {
        over = true;
      });
      all.catch(() => {});
      for (;;) {
        await idle();
        const next = waiting.length === 0 ? undefined : waiting.splice(choose(waiting.length), 1)[0];
        if (next !== undefined) next();
        else if (over) return void (await all);
      }
    },
  };
}
