import { parseDuration, writeDuration } from '@tvm/contract/duration.ts';
import { expect, it } from 'vitest';

it.each([
  ['15m', 900],
  ['900', 900],
  ['90s', 90],
  ['1h', 3_600],
  ['30d', 2_592_000],
])('%s is %d seconds', (text, seconds) => expect(parseDuration(text)).toBe(seconds));

it.each([
  '',
  '0',
  '0m',
  '-5m',
  '1.5h',
  '15 m',
  '15M',
  'm',
  '1h30m',
  '１５m',
  '9'.repeat(10),
])('«%s» is not a duration', (text) => expect(parseDuration(text)).toBeUndefined());

it.each([
  [1, '1s'],
  [90, '90s'],
  [300, '5m'],
  [5_400, '90m'],
  [86_400, '1d'],
])('%d seconds are formatted as %s, which parses to the same number', (seconds, text) => {
  expect(writeDuration(seconds)).toBe(text);
  expect(parseDuration(text)).toBe(seconds);
});
