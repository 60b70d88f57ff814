import { SourceFailure } from '../model/source.ts';

/**
 * Checks that a value is a bearer token: printable ASCII (RFC 6749 A.12). Other characters could break a line of a file
 * or a header of a request.
 *
 * @param issuer the issuer's name for error messages
 * @param what the name of the response field for error messages
 * @throws {SourceFailure} without the token in its message
 */
export function bearerToken(value: unknown, issuer: string, what: string): string {
  if (typeof value !== 'string' || value === '') throw new SourceFailure(`${issuer} returned no ${what}`);
  if (!/^[\x20-\x7e]+$/.test(value)) {
    throw new SourceFailure(`the ${what} from ${issuer} is not one line of printable ASCII`);
  }
  return value;
}
