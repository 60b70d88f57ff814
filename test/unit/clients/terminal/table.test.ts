import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { type Column, fittedLine, tableLines } from '@tvm/terminal/table.ts';
import { expect, it } from 'vitest';

interface Row {
  id: string;
  name: string;
  note: string;
}

const columns: Column<Row>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name, least: 6 },
  { title: 'NOTE', cell: ({ note }) => note, least: 4 },
];
const rows: Row[] = [
  { id: '17', name: 'orders-service', note: 'nightly' },
  { id: '4', name: 'ci', note: 'a\nb' },
];
const terminal = (width: number) =>
  Object.assign(new PassThrough(), { isTTY: true, columns: width }) as unknown as NodeJS.WriteStream;
const pipe = new PassThrough() as unknown as NodeJS.WriteStream;

it('is not cut if the stream is not a terminal', () => {
  expect(tableLines(columns, rows, pipe)).toEqual([
    'ID  NAME            NOTE',
    '17  orders-service  nightly',
    '4   ci              a b',
  ]);
});

it('fits into a terminal: cells are cut, the first columns get the free space, and the last columns are omitted first', () => {
  const plain = (width: number) => tableLines(columns, rows, terminal(width)).map(stripVTControlCharacters);
  expect(plain(27)).toEqual(['ID  NAME            NOTE', '17  orders-service  nightly', '4   ci              a b']);
  expect(plain(24)[1]).toBe('17  orders-service  nig…');
  expect(plain(20)[1]).toBe('17  orders-se…  nig…');
  expect(plain(16)[1]).toBe('17  order…  nig…');
  expect(plain(15)[1]).toBe('17  orders-ser…');
  expect(plain(5)).toEqual(['ID', '17', '4']);
  for (let width = 5; width < 40; width++) {
    for (const line of plain(width)) expect(line.length).toBeLessThanOrEqual(width);
  }
});

it('cuts a line to the width of the terminal', () => {
  expect(fittedLine('abcdef', terminal(4))).toBe('abc…');
  expect(fittedLine('abcdef', terminal(6))).toBe('abcdef');
  expect(fittedLine('abcdef', pipe)).toBe('abcdef');
});

it('cuts nothing if the width of the terminal is unknown', () => {
  expect(fittedLine('abcdef', terminal(0))).toBe('abcdef');
  expect(tableLines(columns, rows, terminal(0)).map(stripVTControlCharacters)).toEqual(tableLines(columns, rows, pipe));
});
