import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Whether there is somebody to ask: standard input and standard error are a terminal. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks a question on the terminal. @returns whether the answer is `y` or `yes`; anything else, or none, is a no */
export async function confirm(question: string): Promise<boolean> {
  process.stderr.write(`${question} [y/N] `);
  // The terminal stays as it is, so that Ctrl-C ends the process.
  const lines = createInterface({ input: process.stdin, terminal: false });
  const [line] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
  lines.close();
  if (line === undefined) process.stderr.write('\n');
  return /^y(es)?$/i.test(String(line ?? '').trim());
}
