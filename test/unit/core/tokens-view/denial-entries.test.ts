import type { DeniedRecord, IssuedRecord, TokenRecord } from '@tvm/core/records/token-record.ts';
import { indexEntries, isPartlyIndexed, selects, whereToLook } from '@tvm/core/records/token-selector.ts';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { asking, recordOf } from '#test/fakes/in-memory-service.ts';

let denial: DeniedRecord;
let token: IssuedRecord;
beforeAll(async () => {
  denial = (await recordOf(asking({ audience: 'billing' }))) as DeniedRecord;
  token = (await recordOf()) as IssuedRecord;
});

const segment = fc.constantFrom('a', 'b', 'c');
const location = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([segments, subtree]) => segments.join('/') + (subtree ? '/*' : ''));

/** Reports whether a lookup finds a record: whether the record has one of the entries that are read. */
const isFound = (record: TokenRecord, resource: string) => {
  const names = indexEntries(record).map((entry) => JSON.stringify(entry));
  return whereToLook({ resource }).some((entry) => names.includes(JSON.stringify(entry)));
};

describe('a filter by resource', () => {
  it.each(['token', 'denial'] as const)('finds each %s that it selects', (kind) => {
    let selected = 0;
    fc.assert(
      fc.property(fc.array(location, { minLength: 1, maxLength: 5 }), location, (locations, resource) => {
        const authorizationDetails = [{ type: 'resource' as const, locations, actions: ['read' as const] }];
        const record: TokenRecord = { ...(kind === 'token' ? token : denial), authorizationDetails };
        if (!selects({ resource }, record)) return;
        selected++;
        expect(isFound(record, resource)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(selected).toBeGreaterThan(300);
  });
});

it('a denial has at most 20 entries, and says if some were left out', () => {
  const naming = (roots: number): DeniedRecord => ({
    ...denial,
    task: 'build-17',
    authorizationDetails: [
      {
        type: 'resource',
        locations: Array.from({ length: roots }, (_, nth) => `r${nth}/a/b`),
        actions: ['read', 'write'],
      },
    ],
  });
  // 9 other entries: all, subject, workload, task, audience, source, bundle and two actions.
  for (const [roots, entries, partial] of [
    [1, 10, false],
    [11, 20, false],
    [12, 20, true],
    [50, 20, true],
  ] as const) {
    const record = naming(roots);
    expect([indexEntries(record).length, isPartlyIndexed(record)]).toEqual([entries, partial]);
  }
  expect(indexEntries(naming(50)).slice(0, 5)).toMatchObject(
    ['all', 'subject', 'workload', 'task', 'audience'].map((dimension) => ({ dimension })),
  );
});
