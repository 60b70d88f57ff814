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

/** How many records are read at once: as many as the store reads in one call. */
const READ = 100;

/** How many are looked at for one page: then it ends with what was found, so that none takes long. */
const LOOKED_AT = 1_000;

export type ListTokensOutcome = { kind: 'listed'; page: TokenListResponse } | { kind: 'bad_cursor' };

/**
 * A page of the tokens that a request selects, newest first. Whatever is vended meanwhile is newer than what is left to
 * list: going on with the cursor gives each token once, whether or not others come.
 *
 * @param issuer the machine's own URL
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
  /** The position to go on after, where there may be more. */
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
  for (let lookedAt = 0; lookedAt < LOOKED_AT; lookedAt += READ) {
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
