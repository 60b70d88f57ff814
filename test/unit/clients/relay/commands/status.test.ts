import { PassThrough } from 'node:stream';
import { tableLines } from '@tvm/terminal/table.ts';
import { problemsOf, statusColumns } from 'tokenrelay/commands/status.ts';
import type { TokenStatus } from 'tokenrelay/model/status.ts';
import { expect, it } from 'vitest';

const HOUR = 3_600_000;
const stream = new PassThrough() as unknown as NodeJS.WriteStream;

it.each([
  [4 * 60_000 + 59_000, '4m 59s'],
  [48 * HOUR - 1_000, '47h 59m'],
  [48 * HOUR, '2d 0h'],
  [27_237 * HOUR, '1134d 21h'],
  [-90_000, '1m 30s ago'],
])('the table shows %i ms with the two largest units', (left, shown) => {
  const status: TokenStatus = {
    name: 'a',
    type: 'exec',
    state: 'fresh',
    fetchedAt: 0,
    expiresAt: left,
    failures: 0,
    fetches: { succeeded: 1, failed: 0 },
    outputs: [],
  };
  expect(tableLines(statusColumns(0, stream), [status], stream)[1]).toMatch(new RegExp(` {2}${shown} +-$`));
});

it('the table shows each problem once, although the last error is that of an output', () => {
  const problem = 'the disk is full';
  const outputs = ['/a', '/b'].map((path) => ({ name: `file ${path}`, problem }));
  const status = { lastError: `file /a: ${problem}`, outputs } as unknown as TokenStatus;
  expect(problemsOf(status)).toEqual(['file /a: the disk is full', 'file /b: the disk is full']);
});
