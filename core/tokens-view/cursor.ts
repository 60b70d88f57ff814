import { createHash } from 'node:crypto';
import type { Seal } from '../keys/ports.ts';
import type { TokenFilter } from './filter.ts';

// A cursor is `BASE64URL(position) . BASE64URL(seal)`. The seal is over the position and the filters, so that a cursor
// goes on with the list that it is of, and no other, and nobody makes one by hand.

const CURSOR = /^([\w-]{1,256})\.([\w-]{43})$/;

/** @param position where the page ended */
export async function writeCursor(position: string, filter: TokenFilter, seal: Seal): Promise<string> {
  return written(position, await seal.of(sealed(position, filter)));
}

/** @returns the position; `undefined` of what this machine never wrote, or wrote for other filters */
export async function readCursor(cursor: string, filter: TokenFilter, seal: Seal): Promise<string | undefined> {
  const [, position, mac] = CURSOR.exec(cursor) ?? [];
  if (position === undefined || mac === undefined) return undefined;
  const read = Buffer.from(position, 'base64url').toString();
  const code = Buffer.from(mac, 'base64url');
  // One text for one cursor: the last letters have bits that decode to nothing.
  if (cursor !== written(read, code)) return undefined;
  return (await seal.fits(sealed(read, filter), code)) ? read : undefined;
}

function written(position: string, code: Uint8Array): string {
  return `${Buffer.from(position).toString('base64url')}.${Buffer.from(code).toString('base64url')}`;
}

/** What the seal is over: with a word on what it is, so that no other sealed thing can pass for it. */
function sealed(position: string, filter: TokenFilter): string {
  const said = Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify(said)).digest('hex');
  return `token list cursor\n${hash}\n${position}`;
}
