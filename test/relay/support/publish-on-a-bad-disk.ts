/**
 * Publishes to a file on a disk that fills up and is then mounted read-only. Prints the results as JSON.
 *
 * Argument: an empty folder. The process must have its own mount namespace, because it mounts a small disk in the
 * folder.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileOutputOf } from 'tokenrelay/outputs/file-output.ts';
import { shortToken } from './short-token.ts';

const [, , folder = ''] = process.argv;
const path = join(folder, 'out');
const output = fileOutputOf({ file_path: path, format: 'raw' }, 'api');

execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'tmpfs', folder]);
await output.publish(shortToken('1'));
const full = await attempt('2', () => fill());
rmSync(join(folder, 'filler'));
const freed = await attempt('3', () => {});
const readOnly = await attempt('4', () => execFileSync('mount', ['-o', 'remount,ro', folder]));
console.log(JSON.stringify({ full, freed, readOnly }));

async function attempt(seed: string, worsen: () => void) {
  worsen();
  const failure = await output.publish(shortToken(seed)).then(
    () => 'none',
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : 'no error'),
  );
  const withdrawn = seed === '4' ? await output.withdraw('expired').catch((error: Error) => error.message) : undefined;
  return { failure, withdrawn, found: readFileSync(path, 'utf8').slice(0, 1), names: readdirSync(folder).sort() };
}

function fill(): void {
  try {
    writeFileSync(join(folder, 'filler'), Buffer.alloc(1_048_576));
  } catch {
    // The disk is full, as intended.
  }
}
