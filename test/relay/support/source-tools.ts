import type { Clock } from 'tokenrelay/model/clock.ts';
import type { SourceTools } from 'tokenrelay/model/source.ts';

/** A clock that stands still until a test advances it. */
export interface StoppedClock extends Clock {
  /** @param milliseconds to advance both of its clocks by */
  pass(milliseconds: number): void;
}

/** @param start milliseconds since the epoch */
export function stoppedClock(start = Date.now()): StoppedClock {
  let passed = 0;
  return {
    now: () => start + passed,
    elapsed: () => passed,
    after: () => () => {},
    pass(milliseconds) {
      passed += milliseconds;
    },
  };
}

/** Returns tools for a source without secrets. */
export function sourceTools(clock: Clock): SourceTools {
  const quiet = () => {};
  return {
    token: 'a-token',
    clock,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    secret: async () => {
      throw new Error('this source needs no secret');
    },
    configFolder: '/etc/tokenrelay',
    configFile: '/etc/tokenrelay/config.yaml',
  };
}
