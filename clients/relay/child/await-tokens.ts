import type { Agent } from '../agent/agent.ts';
import type { Clock } from '../model/clock.ts';

/** What is waited on. */
export interface Starting {
  agent: Pick<Agent, 'current' | 'onChange' | 'settled'>;
  /** The tokens that their outputs have had since the start; it grows. */
  published: ReadonlySet<string>;
}

/**
 * Waits until every one of these tokens is there and its outputs have it, or could not be written.
 *
 * @param milliseconds how long at most
 * @returns the names of those that are not there
 */
export function awaitTokens(
  names: readonly string[],
  { agent, published }: Starting,
  clock: Clock,
  milliseconds: number,
): Promise<string[]> {
  let isSettled = false;
  const missing = () => names.filter((name) => agent.current(name) === undefined);
  const areThere = () => missing().length === 0 && (isSettled || names.every((name) => published.has(name)));
  return new Promise((resolve) => {
    const end = () => {
      endListening();
      forget();
      resolve(missing());
    };
    const look = () => {
      if (areThere()) end();
    };
    const endListening = agent.onChange(look);
    const forget = clock.after(milliseconds, end);
    void agent.settled.then(() => {
      isSettled = true;
      look();
    });
    look();
  });
}
