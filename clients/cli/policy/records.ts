import { createReadStream } from 'node:fs';
import { type RecordLine, readRecord } from '@tvm/gate/policies/records/read-records.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { printable } from '@tvm/terminal/printable.ts';

/**
 * Reads a file of exported audit events line by line. Reports invalid lines with their numbers on standard error, and
 * continues with the next line.
 *
 * @param use called with each event of an issued or denied token
 * @returns the number of invalid lines
 * @throws {Failure} if the file cannot be read
 */
export async function readRecords(
  file: string,
  use: (record: Extract<RecordLine, { kind: 'issued' | 'denied' }>) => Promise<void> | void,
): Promise<number> {
  let broken = 0;
  let number = 0;
  for await (const line of linesOf(file)) {
    number++;
    const record = readRecord(line);
    if (record.kind === 'broken') {
      broken++;
      process.stderr.write(`${printable(file)}:${number}: ${printable(record.problem)}\n`);
    } else if (record.kind !== 'other') {
      await use(record);
    }
  }
  return broken;
}

// node:readline also splits lines at U+2028, which JSON may contain.
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(file, 'utf8')) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw usageFailure(`cannot read ${file} (${code === 'ENOENT' ? 'it does not exist' : code})`, 'RECORDS');
  }
  if (rest !== '') yield rest;
}
