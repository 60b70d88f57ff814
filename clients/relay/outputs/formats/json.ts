import { expirationTimestamp } from '../expiration-timestamp.ts';
import { Unwritable } from '../unwritable.ts';
import type { Format } from './format.ts';

const EXPIRATION = 'expiration_timestamp';

/**
 * A JSON object on one line, with each value under its name (a bearer token under `token`), and `expiration_timestamp`
 * in RFC 3339, which is absent if the source sets no expiry.
 */
export const json: Format = (token) => {
  if (Object.hasOwn(token.values, EXPIRATION)) {
    throw new Unwritable(`its value "${EXPIRATION}" has the name that the format json uses for the expiry`);
  }
  const expires = expirationTimestamp(token);
  return `${JSON.stringify({ ...token.values, ...(expires !== undefined && { [EXPIRATION]: expires }) })}\n`;
};
