import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Reports whether the user can be asked: standard input and standard error are terminals. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks a question on the terminal. @returns whether the answer is `y` or `yes` */
export async function confirm(question: string): Promise<boolean> {
  process.stderr.write(`${question} [y/N] `);
  // `terminal: false` leaves the terminal in its normal mode, in which Ctrl-C ends the process.
  const lines = createInterface({ input: process.stdin, terminal: false });
  const [line] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
  lines.close();
  if (line === undefined) process.stderr.write('\n');
  return /^y(es)?$/i.test(String(line ?? '').trim());
}
