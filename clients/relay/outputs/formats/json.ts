import { expirationTimestamp } from '../expiration-timestamp.ts';
import { Unwritable } from '../unwritable.ts';
import type { Format } from './format.ts';

const EXPIRATION = 'expiration_timestamp';

/**
 * A JSON object in one line: each value under its name (a bearer token under `token`), and `expiration_timestamp` as
 * RFC 3339 writes it, absent when the source sets no end.
 */
export const json: Format = (token) => {
  if (Object.hasOwn(token.values, EXPIRATION)) {
    throw new Unwritable(`its value "${EXPIRATION}" has the name under which the format json says when it ends`);
  }
  const expires = expirationTimestamp(token);
  return `${JSON.stringify({ ...token.values, ...(expires !== undefined && { [EXPIRATION]: expires }) })}\n`;
};
