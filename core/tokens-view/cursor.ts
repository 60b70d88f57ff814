import { createHash } from 'node:crypto';
import type { Mac } from '../keys/ports.ts';
import type { TokenFilter } from './filter.ts';

// A cursor is `BASE64URL(position) . BASE64URL(mac)`. The MAC covers the position and the filters, so that a cursor
// works only for the list that it was issued for, and nobody can forge one.

const CURSOR = /^([\w-]{1,256})\.([\w-]{43})$/;

/** Returns the cursor of the next page. @param position the end of the current page */
export async function writeCursor(position: string, filter: TokenFilter, mac: Mac): Promise<string> {
  return written(position, await mac.of(authenticated(position, filter)));
}

/**
 * Reads a cursor.
 *
 * @returns the position, or `undefined` if this service did not issue the cursor or issued it for other filters
 */
export async function readCursor(cursor: string, filter: TokenFilter, mac: Mac): Promise<string | undefined> {
  const [, position, unverifiedMac] = CURSOR.exec(cursor) ?? [];
  if (position === undefined || unverifiedMac === undefined) return undefined;
  const read = Buffer.from(position, 'base64url').toString();
  const code = Buffer.from(unverifiedMac, 'base64url');
  // Accept only the canonical encoding: the last characters may have spare bits that decoding ignores.
  if (cursor !== written(read, code)) return undefined;
  return (await mac.fits(authenticated(read, filter), code)) ? read : undefined;
}

function written(position: string, code: Uint8Array): string {
  return `${Buffer.from(position).toString('base64url')}.${Buffer.from(code).toString('base64url')}`;
}

/**
 * Returns the text that the MAC covers. It begins with its purpose, so that no other authenticated text can replace it.
 */
function authenticated(position: string, filter: TokenFilter): string {
  const properties = Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify(properties)).digest('hex');
  return `token list cursor\n${hash}\n${position}`;
}
