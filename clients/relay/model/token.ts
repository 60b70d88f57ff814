/**
 * What a source issued: a bearer token, a user name with its password, keys of AWS.
 *
 * A bearer token is the one value `token`; credentials of AWS are `access_key_id`, `secret_access_key` and
 * `session_token`; a secret of Vault has the names that it has there.
 */
export interface Token {
  /** Never empty, and no value in it is. */
  readonly values: Readonly<Record<string, string>>;
  /** When it was asked for, in milliseconds since the epoch by this machine's clock. */
  readonly fetchedAt: number;
  /** When it ends, likewise; absent: its source sets no end. */
  readonly expiresAt?: number;
  /** What its source needs to renew it, or to see whether it was revoked. In no output; kept in the cache. */
  readonly handle?: Readonly<Record<string, string>>;
}

/** The one value of a bearer token, or nothing where it is no bearer token. */
export function bearerOf({ values }: Token): string | undefined {
  return Object.keys(values).length === 1 ? values.token : undefined;
}

/** Whether it is credentials of AWS. */
export function isOfAws({ values }: Token): boolean {
  return Object.hasOwn(values, 'access_key_id') && Object.hasOwn(values, 'secret_access_key');
}

/** Whether it may still be used. @param now milliseconds since the epoch */
export function isAlive({ expiresAt }: Token, now: number): boolean {
  return expiresAt === undefined || now < expiresAt;
}
