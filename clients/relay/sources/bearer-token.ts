import { SourceFailure } from '../model/source.ts';

/**
 * A token as issuers may make them: printable ASCII (RFC 6749 A.12). Anything else would break the line of a file or
 * the header of a request that it ends up in.
 *
 * @param issuer how sentences call who gave it
 * @param what how sentences call where in the answer it is
 * @throws {SourceFailure} which does not say the token
 */
export function bearerToken(value: unknown, issuer: string, what: string): string {
  if (typeof value !== 'string' || value === '') throw new SourceFailure(`${issuer} gave no ${what}`);
  if (!/^[\x20-\x7e]+$/.test(value)) {
    throw new SourceFailure(`the ${what} that ${issuer} gave is not one line of printable ASCII`);
  }
  return value;
}
