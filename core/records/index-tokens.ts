import { mapAtMost } from '../at-most.ts';
import type { Clock } from '../ports.ts';
import type { TokenIndex, TokenRecords } from './ports.ts';
import type { TokenRecord } from './token-record.ts';
import { indexEntries } from './token-selector.ts';

export interface IndexTokensPorts {
  records: TokenRecords;
  index: TokenIndex;
  clock: Clock;
}

/** The maximum number of records that are indexed concurrently. */
const AT_ONCE = 10;

/** Whether the record of a token or denial is now in the index, and if not, the error. */
export type Indexed = { tokenId: string; done: true } | { tokenId: string; done: false; why: Error };

/**
 * Stores the index entries of records. Until its entries are stored, a token is found by its pending entry (see
 * {@link TokenIndex}).
 *
 * Records with few entries are indexed first, so that a workload whose tokens have many entries does not delay other
 * workloads.
 *
 * @param tokenIds at most 100 distinct IDs
 * @param deadline milliseconds since the epoch; indexing of a record does not start after it
 * @returns one result for each ID, in the order of the IDs
 */
export async function indexTokens(
  tokenIds: readonly string[],
  ports: IndexTokensPorts,
  deadline = Number.POSITIVE_INFINITY,
): Promise<Indexed[]> {
  const records = new Map((await ports.records.getMany(tokenIds)).map((record) => [record.tokenId, record]));
  const results = await mapAtMost(AT_ONCE, cheapestFirst(tokenIds, records), async (tokenId): Promise<Indexed> => {
    try {
      if (ports.clock.now() >= deadline) throw new Error('the deadline has passed');
      const record = records.get(tokenId);
      if (record === undefined) throw new Error('the record does not exist');
      await ports.index.add(record);
      return { tokenId, done: true };
    } catch (error) {
      return { tokenId, done: false, why: error instanceof Error ? error : new Error('unknown') };
    }
  });
  const byId = new Map(results.map((one) => [one.tokenId, one]));
  return tokenIds.flatMap((tokenId) => byId.get(tokenId) ?? []);
}

/** Sorts IDs by the number of index entries. Each entry costs one write. */
function cheapestFirst(tokenIds: readonly string[], records: ReadonlyMap<string, TokenRecord>): string[] {
  const costs = new Map([...records].map(([tokenId, record]) => [tokenId, indexEntries(record).length]));
  return tokenIds.toSorted((a, b) => (costs.get(a) ?? 0) - (costs.get(b) ?? 0));
}
