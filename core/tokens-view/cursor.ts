import { createHash } from 'node:crypto';
import type { Mac } from '../keys/ports.ts';
import type { TokenFilter } from './filter.ts';

// A cursor is `BASE64URL(position) . BASE64URL(mac)`. The mac is over the position and the filters, so that a cursor
// goes on with the list that it is of, and no other, and nobody makes one by hand.

const CURSOR = /^([\w-]{1,256})\.([\w-]{43})$/;

/** @param position where the page ended */
export async function writeCursor(position: string, filter: TokenFilter, mac: Mac): Promise<string> {
  return written(position, await mac.of(authenticated(position, filter)));
}

/** @returns the position; `undefined` of what this machine never wrote, or wrote for other filters */
export async function readCursor(cursor: string, filter: TokenFilter, mac: Mac): Promise<string | undefined> {
  const [, position, unverifiedMac] = CURSOR.exec(cursor) ?? [];
  if (position === undefined || unverifiedMac === undefined) return undefined;
  const read = Buffer.from(position, 'base64url').toString();
  const code = Buffer.from(unverifiedMac, 'base64url');
  // One text for one cursor: the last letters have bits that decode to nothing.
  if (cursor !== written(read, code)) return undefined;
  return (await mac.fits(authenticated(read, filter), code)) ? read : undefined;
}

function written(position: string, code: Uint8Array): string {
  return `${Buffer.from(position).toString('base64url')}.${Buffer.from(code).toString('base64url')}`;
}

/** What the MAC covers. It begins with its purpose, so that no other authenticated text can pass for it. */
function authenticated(position: string, filter: TokenFilter): string {
  const said = Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify(said)).digest('hex');
  return `token list cursor\n${hash}\n${position}`;
}
