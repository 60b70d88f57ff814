import { styleText } from 'node:util';
import { whileTelling } from '../install/progress.mjs';

// `styleText` omits the colours if standard output is not a terminal or NO_COLOR is set.
export const bold = (text: string) => styleText('bold', text);
export const dim = (text: string) => styleText('dim', text);
export const green = (text: string) => styleText('green', text);
export const red = (text: string) => styleText('red', text);

/** Runs a task and reports its progress. */
export type Progress = <T>(what: string, task: () => Promise<T>) => Promise<T>;

/** Runs a task without a report. */
export const quietly: Progress = (_what, task) => task();

/**
 * Reports a task while it runs, and then how long it took. On a terminal this is one line. Elsewhere it is several
 * whole lines, because a log may show a line only when it is complete.
 *
 * @param what as in `Deploying the stack`
 */
export async function progress<T>(what: string, task: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const { isTTY } = process.stdout;
  const write = (onTerminal: string, elsewhere: string) => process.stdout.write(isTTY ? onTerminal : elsewhere);
  write(`${what} … `, `${what} …\n`);
  try {
    const result = await whileTelling(task, (soFar) => write(`${soFar} s … `, `${what} … ${soFar} s so far\n`));
    const took = seconds(performance.now() - began);
    write(`${dim(took)}\n`, `${what}: ${took}\n`);
    return result;
  } catch (error) {
    write('\n', '');
    throw error;
  }
}

/**
 * Formats a duration for display.
 *
 * @param milliseconds the duration
 * @returns the duration in seconds, as in `0.4 s`
 */
export const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

/** Prints a numbered heading of the demonstration. */
export const step = (number: number, title: string) => console.log(`\n${bold(`${number}  ${title}`)}`);

/** Prints a line under a heading. */
export const line = (text: string) => console.log(`   ${text}`);

/** Prints a line about a success. */
export const good = (text: string) => line(`${green('✓')} ${text}`);

/** Prints a line about an expected refusal. */
export const refused = (text: string) => line(`${red('✗')} ${text}`);

/** Prints aligned names and values under a heading. */
export function table(rows: Record<string, string>): void {
  const width = Math.max(...Object.keys(rows).map((name) => name.length));
  for (const [name, value] of Object.entries(rows)) line(` ${dim(name.padEnd(width))}  ${value}`);
}
