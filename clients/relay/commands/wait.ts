import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@tvm/terminal/failure.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import { noTokenFailure } from '../failure.ts';
import { type ControlOptions, clientFor } from './control-options.ts';

/** How often the agent is asked, in milliseconds. */
const INTERVAL_MILLISECONDS = 200;

/** What may be otherwise in a moment. */
const PASSING: readonly string[] = ['no_agent', 'no_token'];

/** Waits until a token may be used. @throws {Failure} when the time is over, or waiting is of no use */
export async function waitFor(name: string, options: ControlOptions & { timeout: number }): Promise<void> {
  const client = await clientFor(options);
  const until = performance.now() + options.timeout * 1_000;
  const tell = progressTo(process.stderr);
  for (;;) {
    try {
      await client.token(name);
      tell('');
      if (options.output === 'json') writeJson({ name, ready: true });
      return;
    } catch (error) {
      if (!(error instanceof Failure) || !PASSING.includes(error.details.code)) throw error;
      if (performance.now() >= until) {
        tell('');
        throw noTokenFailure(`${error.message}; waited ${options.timeout} s`);
      }
      tell(`waiting for ${name}: ${error.message}`);
    }
    await sleep(INTERVAL_MILLISECONDS);
  }
}

/** One line that is written over, on a terminal alone. */
function progressTo(stream: NodeJS.WriteStream): (line: string) => void {
  if (!stream.isTTY) return () => {};
  return (line) => {
    // A terminal that does not say how wide it is has 0 columns.
    stream.write(`\r\x1b[K${line.slice(0, (stream.columns || 80) - 1)}`);
  };
}
