import type { Clock } from 'tokenrelay/model/clock.ts';
import type { SourceTools } from 'tokenrelay/model/source.ts';

/** A clock that stands still until it is moved. */
export interface StoppedClock extends Clock {
  /** @param milliseconds on both of its clocks */
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

/** Tools for a source that reads no secrets. */
export function sourceTools(clock: Clock): SourceTools {
  const quiet = () => {};
  return {
    token: 'a-token',
    clock,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    secret: async () => {
      throw new Error('no secret is asked for');
    },
    configFolder: '/etc/tokenrelay',
    configFile: '/etc/tokenrelay/config.yaml',
  };
}
