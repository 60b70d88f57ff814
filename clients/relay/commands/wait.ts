import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@tvm/terminal/failure.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import { noTokenFailure } from '../failure.ts';
import { type ControlOptions, clientFor } from './control-options.ts';

/** The polling interval, in milliseconds. */
const INTERVAL_MILLISECONDS = 200;

/** Error codes that may go away, so polling continues. */
const PASSING: readonly string[] = ['no_agent', 'no_token'];

/** Waits until a token is usable. @throws {Failure} on a timeout, or on an error that waiting cannot resolve */
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

/** Returns a function that overwrites one progress line. It writes only to a terminal. */
function progressTo(stream: NodeJS.WriteStream): (line: string) => void {
  if (!stream.isTTY) return () => {};
  return (line) => {
    // A terminal that does not report its width has 0 columns.
    stream.write(`\r\x1b[K${line.slice(0, (stream.columns || 80) - 1)}`);
  };
}
