import { styleText } from 'node:util';
import { whileTelling } from '../install/progress.mjs';

// `styleText` leaves the colours out when standard output is no terminal or NO_COLOR is set.
export const bold = (text: string) => styleText('bold', text);
export const dim = (text: string) => styleText('dim', text);
export const green = (text: string) => styleText('green', text);
export const red = (text: string) => styleText('red', text);

/** Does a task and says so. */
export type Progress = <T>(what: string, task: () => Promise<T>) => Promise<T>;

/** Does a task and says nothing. */
export const quietly: Progress = (_what, task) => task();

/**
 * Says what is going on while it goes on, then how long it took: in one line on a terminal, and in whole lines elsewhere,
 * since a log may not show a line before its end.
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
 * @param milliseconds a length of time
 * @returns the same for a reader, as in `0.4 s`
 */
export const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

/** A numbered heading of the demonstration. */
export const step = (number: number, title: string) => console.log(`\n${bold(`${number}  ${title}`)}`);

/** A line under such a heading. */
export const line = (text: string) => console.log(`   ${text}`);

/** A line that says that something went as it should. */
export const good = (text: string) => line(`${green('✓')} ${text}`);

/** A line that says that something was refused, as it should be. */
export const refused = (text: string) => line(`${red('✗')} ${text}`);

/** Aligned names and values under a heading. */
export function table(rows: Record<string, string>): void {
  const width = Math.max(...Object.keys(rows).map((name) => name.length));
  for (const [name, value] of Object.entries(rows)) line(` ${dim(name.padEnd(width))}  ${value}`);
}
