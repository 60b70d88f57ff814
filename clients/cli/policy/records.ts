import { createReadStream } from 'node:fs';
import { type RecordLine, readRecord } from '@tvm/gate/policies/records/read-records.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { printable } from '@tvm/terminal/printable.ts';

/**
 * Reads a file of exported audit events, line by line. A line that is none is told on standard error by its number, and
 * the others are read all the same.
 *
 * @param use is given each event that decided
 * @returns how many lines were no events
 * @throws {Failure} when the file cannot be read
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

// Not by node:readline: for it U+2028 ends a line too, and it may stand in JSON.
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
    throw usageFailure(`cannot read ${file} (${code === 'ENOENT' ? 'it is not there' : code})`, 'RECORDS');
  }
  if (rest !== '') yield rest;
}
