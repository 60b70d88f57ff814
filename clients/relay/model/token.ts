/**
 * A credential from a source: a bearer token, a user name with its password, or AWS keys.
 *
 * A bearer token has the single value `token`. AWS credentials have `access_key_id`, `secret_access_key` and
 * `session_token`. The values of a Vault secret have the names that Vault returns.
 */
export interface Token {
  /** At least one value. A value may be empty, unless it is a bearer token. */
  readonly values: Readonly<Record<string, string>>;
  /** When the token was requested, in milliseconds since the epoch by this machine's clock. */
  readonly fetchedAt: number;
  /** When the token expires, in milliseconds since the epoch. Absent if its source sets no expiry. */
  readonly expiresAt?: number;
  /**
   * When the token expired, if its source returned it nevertheless and wants it to be used until there is another one. Such
   * a token has no `expiresAt`. In milliseconds since the epoch.
   */
  readonly expiredAt?: number;
  /** Data that the source needs to renew the token. It is cached, but never written to an output. */
  readonly handle?: Readonly<Record<string, string>>;
}

/** Returns the value of a bearer token, or undefined if the token is not a bearer token. */
export function bearerOf({ values }: Token): string | undefined {
  return Object.keys(values).length === 1 ? values.token : undefined;
}

/** Returns the expiry that the source states, if it states one. It may have passed. */
export function statedExpiry({ expiresAt, expiredAt }: Token): number | undefined {
  return expiresAt ?? expiredAt;
}

/** Reports whether a token is an AWS credential. */
export function isOfAws({ values }: Token): boolean {
  return Object.hasOwn(values, 'access_key_id') && Object.hasOwn(values, 'secret_access_key');
}

/** Reports whether a token cannot be used: it has no values, or it is an empty bearer token. */
export function isEmpty(token: Token): boolean {
  return Object.keys(token.values).length === 0 || bearerOf(token) === '';
}

/** Reports whether a token has not expired. @param now milliseconds since the epoch */
export function isAlive({ expiresAt }: Token, now: number): boolean {
  return expiresAt === undefined || now < expiresAt;
}
