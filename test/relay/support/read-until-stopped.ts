/**
 * Opens and reads files in a loop, until its standard input ends. Prints a line at the start. At the end prints, as
 * JSON, the number of reads and every error that no reader should ever find.
 *
 * Arguments: the expected group of the files, and the files.
 */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { isWhole } from './large-token.ts';

const [, , group = '', ...paths] = process.argv;
const wrong = new Set<string>();
/** Contents already found to be complete. Checking each again would occupy a processor core. */
let known: Buffer[] = [];
let reads = 0;
let stopped = false;
process.stdin.on('end', () => {
  stopped = true;
});
process.stdin.resume();

console.log('reading');
while (!stopped) {
  for (const path of paths) {
    reads += 1;
    for (const fault of faultsOf(path)) wrong.add(fault);
  }
  // Without this pause, the reader would take a core away from the writers.
  await wait(1);
}
console.log(JSON.stringify({ reads, wrong: [...wrong] }));

function faultsOf(path: string): string[] {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return ['missing'];
  }
  try {
    const { mode, gid } = fstatSync(file);
    const content = readFileSync(file);
    return [
      ...(content.length === 0 ? ['empty'] : isKnown(content) ? [] : ['torn']),
      ...((mode & 0o7777) === 0o640 ? [] : [`mode ${(mode & 0o7777).toString(8)}`]),
      ...(gid === Number(group) ? [] : ['another group']),
    ];
  } finally {
    closeSync(file);
  }
}

function isKnown(content: Buffer): boolean {
  if (known.some((one) => one.equals(content))) return true;
  if (!isWhole(content.toString())) return false;
  // Each file has at most two contents at a time.
  known = [content, ...known].slice(0, 2 * paths.length);
  return true;
}
