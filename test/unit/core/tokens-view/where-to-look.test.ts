import { readFileSync } from 'node:fs';
import { tokenListRequest } from '@tvm/contract/token-list.ts';
import { whereToLook } from '@tvm/core/records/token-selector.ts';
import { selectorOf, type TokenFilter } from '@tvm/core/tokens-view/filter.ts';
import { describe, expect, it } from 'vitest';

const DOCUMENT = readFileSync('docs/reference/storage-access.md', 'utf8');

/** The table of docs/reference/storage-access.md: each filter, and the index entries that are read for it. */
const ROWS = [
  ...(DOCUMENT.split('## The index of records')[1]
    ?.split('\n## ')[0]
    ?.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm) ?? []),
].map(([, filter = '', dimensions = '']) => ({
  filter,
  dimensions: dimensions.trim().replaceAll('`', '').split(', '),
}));

const VALUES: TokenFilter = {
  task: 'build-17',
  workload: 'i-0abc',
  subject: 'arn:aws:iam::111122223333:role/orders-service',
  resource: 'lake/raw/2026',
  source_ip: '203.0.113.7',
  policy: 'reads-orders',
  audience: 'orders-db',
  policy_bundle: 'e'.repeat(64),
  action: 'read',
};

const lookedUnder = (filter: object) => [
  ...new Set(whereToLook(selectorOf(tokenListRequest.parse(filter))).map(({ dimension }) => dimension)),
];

describe('a list reads the index entries that docs/reference/storage-access.md names', () => {
  it('for every filter', () => {
    const { state, limit, cursor, ...filters } = tokenListRequest.shape;
    const times = /^(issued|expires)_/;
    const documented = ROWS.map(({ filter }) => filter).sort();
    expect(documented).toEqual(
      Object.keys(filters)
        .filter((name) => !times.test(name))
        .sort(),
    );
  });

  it.each(ROWS)('for $filter', ({ filter, dimensions }) => {
    expect(lookedUnder({ [filter]: VALUES[filter as keyof TokenFilter] })).toEqual(dimensions);
  });

  it.each(ROWS)('for $filter with every filter of lower precedence', ({ filter, dimensions }) => {
    const below = ROWS.slice(ROWS.findIndex((row) => row.filter === filter)).map((row) => row.filter);
    expect(lookedUnder(Object.fromEntries(Object.entries(VALUES).filter(([name]) => below.includes(name))))).toEqual(
      dimensions,
    );
  });

  it('for no filter', () => {
    expect(lookedUnder({ state: 'active', issued_after: '2026-01-01T00:00:00Z' })).toEqual(['all']);
    expect(DOCUMENT).toMatch(/^\| none of these \| `all` \|/m);
  });
});
