import { setImmediate as idle } from 'node:timers/promises';

/** What a process is told when it crashes. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** Which calls of a process end it: the number of a call, and whether it is lost on the way there or on the way back. */
export type Crashes = ReadonlyMap<number, 'before' | 'after'>;

/** Ports whose calls each wait for their turn, so that whatever is done at the same time can be put in any order. */
export interface Turns {
  /** The same ports for one process. @param crashes which of its calls end it */
  of<Ports extends object>(ports: Ports, crashes?: Crashes): Ports;
  /**
   * Lets processes go on, one call at a time, until they and all they began are over.
   *
   * @param choose which of so many calls is next, from 0 on
   * @throws what the first of them threw
   */
  run(processes: readonly Promise<unknown>[], choose: (waiting: number) => number): Promise<void>;
}

/** Nothing may happen between calls that takes longer than a turn of the event loop. */
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
