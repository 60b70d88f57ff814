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

/** How many records are indexed at the same time. */
const AT_ONCE = 10;

/** Whether the record of a token or denial is in the index now; if not, why. */
export type Indexed = { tokenId: string; done: true } | { tokenId: string; done: false; why: Error };

/**
 * Stores the index entries of records. Until then, a token is found as one that is pending (see TokenIndex).
 *
 * Records with few entries come first, so that a workload whose tokens have many does not delay those of others.
 *
 * @param tokenIds at most 100, each once
 * @param deadline milliseconds since the epoch, after which no further record is begun
 * @returns one result for each id, in their order
 */
export async function indexTokens(
  tokenIds: readonly string[],
  ports: IndexTokensPorts,
  deadline = Number.POSITIVE_INFINITY,
): Promise<Indexed[]> {
  const records = new Map((await ports.records.getMany(tokenIds)).map((record) => [record.tokenId, record]));
  const results = await mapAtMost(AT_ONCE, cheapestFirst(tokenIds, records), async (tokenId): Promise<Indexed> => {
    try {
      if (ports.clock.now() >= deadline) throw new Error('there was no time left');
      const record = records.get(tokenId);
      if (record === undefined) throw new Error('there is no record');
      await ports.index.add(record);
      return { tokenId, done: true };
    } catch (error) {
      return { tokenId, done: false, why: error instanceof Error ? error : new Error('unknown') };
    }
  });
  const byId = new Map(results.map((one) => [one.tokenId, one]));
  return tokenIds.flatMap((tokenId) => byId.get(tokenId) ?? []);
}

/** Each entry costs a write. */
function cheapestFirst(tokenIds: readonly string[], records: ReadonlyMap<string, TokenRecord>): string[] {
  const costs = new Map([...records].map(([tokenId, record]) => [tokenId, indexEntries(record).length]));
  return tokenIds.toSorted((a, b) => (costs.get(a) ?? 0) - (costs.get(b) ?? 0));
}
