import { readdirSync, readFileSync } from 'node:fs';
import { recordUnreadable } from '@tvm/contract/audit-digest.ts';
import { auditEvents } from '@tvm/contract/events.ts';
import { hourPrefix } from '@tvm/core/audit/archive/names.ts';
import { describe, expect, it } from 'vitest';

const read = (name: string) => readFileSync(`docs/reference/athena/${name}`, 'utf8').replace(/--.*$/gm, '');
const files = readdirSync('docs/reference/athena');
const queries = files.filter((name) => !name.endsWith('table.sql'));

/** Returns the words of a statement without its strings, in lower case because Athena ignores case. */
const words = (sql: string) =>
  (sql.replace(/'[^']*'/g, '').match(/[A-Za-z_]\w*/g) ?? []).map((word) => word.toLowerCase());

/** Returns the top-level columns and the partitions of a table definition. */
function columnsOf(name: string): string[] {
  const [, columns = '', partitions = ''] =
    /TABLE \w+ \((.*?)\n\)\s*PARTITIONED BY \(([^)]*)\)/s.exec(read(name)) ?? [];
  let flat = columns;
  while (flat.includes('<')) flat = flat.replace(/<[^<>]*>/g, '');
  return [...flat.split(','), ...partitions.split(',')].map((column) => words(column)[0] ?? '');
}

const columns = columnsOf('table.sql');
/** All names in the definition, including nested ones. */
const cloudTrail = words(read('cloudtrail-table.sql'));

const SQL =
  'select from where between and in not is null as on join left group order by desc with count min max array_join ' +
  'array_distinct flatten array_agg date_diff from_iso8601_timestamp tvm_audit cloudtrail_logs';

describe('the table', () => {
  const members = [...Object.values(auditEvents), recordUnreadable].flatMap(({ shape }) => Object.keys(shape));

  it('has exactly one column for each member of each event', () => {
    const own = ['detailType', 'chain', 'dt', 'hour'];
    const expected = new Set([...members, ...own].map((member) => member.toLowerCase()));
    expect(columns.toSorted()).toEqual([...expected].toSorted());
  });

  it('has the location of the archive’s objects', () => {
    const location = read('table.sql')
      .replace(/\$\{dt\}/, '2026-11-22')
      .replace(/\$\{hour\}/, '09');
    expect(location).toContain(`'s3://BUCKET/${hourPrefix(Date.UTC(2026, 10, 22, 9, 30))}'`);
  });
});

it('there are five queries', () => {
  expect(queries).toHaveLength(5);
});

it.each(queries)('%s uses only columns of the tables, and limits the days it reads', (name) => {
  const sql = read(name);
  const aliases = [...sql.matchAll(/\bAS (\w+)|\bWITH (\w+)/g)].map(([, as, table]) => as ?? table);
  const known = new Set([...columns, ...SQL.split(' '), ...aliases, ...(sql.includes('cloudtrail') ? cloudTrail : [])]);
  expect(words(sql).filter((word) => !known.has(word))).toEqual([]);
  expect(sql).toContain('dt BETWEEN ? AND ?');
  const types = [...sql.matchAll(/detailtype = '([^']*)'/g)].map(([, type]) => type);
  for (const type of types) expect(Object.keys(auditEvents)).toContain(type);
});
