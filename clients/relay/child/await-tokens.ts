import type { Agent } from '../agent/agent.ts';
import type { Clock } from '../model/clock.ts';

/** A starting agent. */
export interface Starting {
  agent: Pick<Agent, 'current' | 'onChange' | 'settled'>;
  /** The names of the tokens that were published since the start. Grows while the agent runs. */
  published: ReadonlySet<string>;
}

/**
 * Waits until every one of these tokens is available and its outputs were written or have failed.
 *
 * @param milliseconds the maximum wait
 * @returns the names of the tokens that are not available
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
