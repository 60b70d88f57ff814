import { mapAtMost } from './at-most.ts';
import type { RevocationOrders, TokenIndex } from './oversight-ports.ts';
import type { Clock, TokenRecords } from './ports.ts';
import { obeyOrders } from './revocation/obey-orders.ts';
import type { TokenRecord } from './token-record.ts';
import { indexEntries } from './token-selector.ts';

export interface IndexTokensPorts {
  records: TokenRecords;
  index: TokenIndex;
  orders: RevocationOrders;
  clock: Clock;
}

/** How many records are indexed at the same time. */
const AT_ONCE = 10;

/** What became of a token's record: it is in the index, and taken back where an order selects it; or not yet. */
export type Indexed = { tokenId: string; done: true; revoked: number } | { tokenId: string; done: false; why: Error };

/**
 * Makes records be found, and takes back at once what an order selects that was carried out before it was in the index.
 * First the index, then the orders: an order is written down before it looks at the index, so one always sees the other.
 *
 * Those with few entries come first: a workload whose tokens have as many as may be keeps nobody else's from being found.
 *
 * @param tokenIds at most 100, each once
 * @param deadline milliseconds since the epoch, after which no other is begun: what is left is to come again
 */
export async function indexTokens(
  tokenIds: readonly string[],
  ports: IndexTokensPorts,
  deadline = Number.POSITIVE_INFINITY,
): Promise<Indexed[]> {
  const records = new Map((await ports.records.getMany(tokenIds)).map((record) => [record.tokenId, record]));
  const dealtWith = await mapAtMost(AT_ONCE, cheapestFirst(tokenIds, records), async (tokenId): Promise<Indexed> => {
    try {
      if (ports.clock.now() >= deadline) throw new Error('there was no time left');
      const record = records.get(tokenId);
      if (record === undefined) throw new Error('there is no record');
      await ports.index.add(record);
      return { tokenId, done: true, revoked: await obeyOrders(record, ports) };
    } catch (error) {
      return { tokenId, done: false, why: error instanceof Error ? error : new Error('unknown') };
    }
  });
  const byId = new Map(dealtWith.map((one) => [one.tokenId, one]));
  return tokenIds.flatMap((tokenId) => byId.get(tokenId) ?? []);
}

/** An entry costs a write, and a look for orders. */
function cheapestFirst(tokenIds: readonly string[], records: ReadonlyMap<string, TokenRecord>): string[] {
  const costs = new Map([...records].map(([tokenId, record]) => [tokenId, indexEntries(record).length]));
  return tokenIds.toSorted((a, b) => (costs.get(a) ?? 0) - (costs.get(b) ?? 0));
}
