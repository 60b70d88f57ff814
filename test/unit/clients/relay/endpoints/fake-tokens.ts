import type { Clock } from 'tokenrelay/model/clock.ts';
import type { TokenStatus } from 'tokenrelay/model/status.ts';
import type { Token } from 'tokenrelay/model/token.ts';
import type { Tokens } from 'tokenrelay/model/tokens.ts';

/** A fake agent whose tokens a test sets. */
export class FakeTokens implements Tokens {
  readonly #tokens = new Map<string, { token: Token | undefined; status: TokenStatus }>();
  /** The behaviour of `refresh`. */
  renew: (name: string) => Promise<Token> = () => Promise.reject(new Error('no test said how'));

  /** Sets a token. Without a value, its state is `waiting`. */
  set(name: string, token?: Token, status: Partial<TokenStatus> = {}): this {
    const { fetchedAt, expiresAt } = token ?? {};
    this.#tokens.set(name, {
      token,
      status: {
        name,
        type: 'exec',
        state: token === undefined ? 'waiting' : 'fresh',
        ...(fetchedAt !== undefined && { fetchedAt }),
        ...(expiresAt !== undefined && { expiresAt }),
        failures: 0,
        fetches: { succeeded: token === undefined ? 0 : 1, failed: 0 },
        outputs: [],
        ...status,
      },
    });
    return this;
  }

  statuses(): TokenStatus[] {
    return [...this.#tokens.values()].map(({ status }) => status);
  }

  async inspect(): Promise<TokenStatus[]> {
    return this.statuses();
  }

  current(name: string): Token | undefined {
    return this.#tokens.get(name)?.token;
  }

  async refresh(name: string): Promise<TokenStatus> {
    if (!this.#tokens.has(name)) throw new RangeError(name);
    this.set(name, await this.renew(name));
    return this.#tokens.get(name)?.status as TokenStatus;
  }

  onChange(): () => void {
    return () => {};
  }
}

/** A clock that a test controls. */
export class FakeClock implements Clock {
  /** Milliseconds since the epoch. */
  time: number;

  constructor(time = Date.parse('2026-11-22T12:00:00Z')) {
    this.time = time;
  }

  now(): number {
    return this.time;
  }

  elapsed(): number {
    return this.time;
  }

  after(): () => void {
    return () => {};
  }
}

/** A bearer token. @param lifetime seconds from the clock's current time. Without it, the token has no expiry */
export function bearerToken(clock: Clock, value: string, lifetime?: number): Token {
  return tokenOf(clock, { token: value }, lifetime);
}

/** A token with several values. @param lifetime seconds from the clock's current time */
export function tokenOf(clock: Clock, values: Record<string, string>, lifetime?: number): Token {
  const fetchedAt = clock.now();
  return { values, fetchedAt, ...(lifetime !== undefined && { expiresAt: fetchedAt + lifetime * 1_000 }) };
}

/** Temporary AWS credentials. @param lifetime seconds from the clock's current time */
export function awsToken(clock: Clock, mark: string, lifetime = 3_600): Token {
  const values = {
    access_key_id: `AKIA${mark}`,
    secret_access_key: `secret-${mark}`,
    session_token: `session-${mark}`,
  };
  return tokenOf(clock, values, lifetime);
}
