import type { TokenListRequest, TokenListResponse } from '@tvm/contract/token-list.ts';
import type { Mac } from '../keys/ports.ts';
import type { Clock } from '../ports.ts';
import type { TokenIndex, TokenRecords } from '../records/ports.ts';
import type { TokenRecord } from '../records/token-record.ts';
import { indexPosition, selects, whereToLook } from '../records/token-selector.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { rangeOf, selectorOf, type TokenFilter } from './filter.ts';
import { listedToken, stateOf } from './listed-token.ts';

export interface ListTokensPorts {
  index: TokenIndex;
  records: TokenRecords;
  mac: Mac;
  clock: Clock;
}

/** The number of records that are read at a time: the maximum for one call of the store. */
const READ = 100;

/** The maximum number of records that are read for one page. It bounds the time of a request with a rare match. */
const MAX_READ = 1_000;

export type ListTokensOutcome = { kind: 'listed'; page: TokenListResponse } | { kind: 'bad_cursor' };

/**
 * Returns a page of the tokens that a request selects, newest first. Tokens that are issued in the meantime are newer
 * than the rest of the list, so that following the cursor returns each token exactly once.
 *
 * @param issuer the URL of the service
 */
export async function listTokens(
  { limit, cursor, ...filter }: TokenListRequest,
  issuer: string,
  ports: ListTokensPorts,
): Promise<ListTokensOutcome> {
  const { mac, clock } = ports;
  const position = cursor === undefined ? undefined : await readCursor(cursor, filter, mac);
  if (cursor !== undefined && position === undefined) return { kind: 'bad_cursor' };
  const now = clock.now();
  const { found, next } = await find(filter, limit, position, now, ports);
  const tokens = found.map((record) => listedToken(record, now, issuer));
  if (next === undefined) return { kind: 'listed', page: { tokens } };
  return { kind: 'listed', page: { tokens, next_cursor: await writeCursor(next, filter, mac) } };
}

interface Found {
  found: TokenRecord[];
  /** The position after which the next page starts, if there may be more. */
  next?: string | undefined;
}

async function find(
  filter: TokenFilter,
  limit: number,
  position: string | undefined,
  now: number,
  { index, records }: ListTokensPorts,
): Promise<Found> {
  const selector = selectorOf(filter);
  const range = rangeOf(filter, now);
  const found: TokenRecord[] = [];
  if (range.until < range.since || range.kinds.length === 0) return { found };
  const at = whereToLook(selector);
  for (let read = 0; read < MAX_READ; read += READ) {
    const { tokenIds, next } = await index.page({ ...range, at, position, limit: READ });
    for (const record of await records.getMany(tokenIds)) {
      if (!selects(selector, record)) continue;
      if (filter.state !== undefined && stateOf(record, now) !== filter.state) continue;
      const last = found.at(-1);
      if (found.length === limit && last) return { found, next: indexPosition(last.decidedAt, last.tokenId) };
      found.push(record);
    }
    if (next === undefined) return { found };
    position = next;
  }
  return { found, next: position };
}
