import { reasonOf } from '../model/reason.ts';
import { SourceFailure, type SourceTools } from '../model/source.ts';
import type { VaultClient } from './client.ts';
import { type Login, logIn, renewLogin } from './login.ts';
import type { LoginMethod } from './login-method.ts';
import { VaultRefusal } from './refusal.ts';

/** A login at one Vault server, renewed automatically. */
export interface VaultSession {
  /**
   * Sends a request with a login. Logs in if there is no login, and again if Vault no longer accepts the login.
   *
   * @throws {SourceFailure}
   */
  use<Answer>(ask: (login: Login) => Promise<Answer>, signal: AbortSignal): Promise<Answer>;
  /** Closes the session. @param revoke whether to revoke the login, with all its leases */
  close(revoke: boolean): Promise<void>;
}

/** A login with less than this fraction of its lifetime left is renewed before use. */
const DUE = 0.5;
/** An unused login is renewed at this fraction of its lifetime, plus jitter. */
const UNUSED = 0.35;
const JITTER = 0.1;
/** If less than this fraction is left after a renewal, the role's maximum TTL is reached and a new login is needed. */
const SHORT = 1 / 3;
/** In milliseconds: the maximum timer, the minimum wait before a renewal, and the timeout of a revocation on close. */
const DAY = 86_400_000;
const SOON = 1_000;
const FAREWELL = 3_000;

/**
 * Creates the session of one source.
 *
 * The login is renewed even without requests: leases expire with their login, and a single-use secret id allows only
 * one login.
 *
 * @see https://developer.hashicorp.com/vault/docs/concepts/lease
 * @see https://developer.hashicorp.com/vault/docs/concepts/tokens#token-time-to-live-periodic-tokens-and-explicit-max-ttls
 */
export function vaultSession(
  client: VaultClient,
  method: LoginMethod,
  { clock, log, token }: SourceTools,
): VaultSession {
  const closing = new AbortController();
  let current: Login | undefined;
  let asking: Promise<Login> | undefined;
  let stopTimer = () => {};

  const left = ({ endsAt }: Login) => endsAt - clock.now();

  /** Runs one renewal or login at a time. Concurrent callers share its result. */
  function once(make: () => Promise<Login>): Promise<Login> {
    asking ??= make().finally(() => {
      asking = undefined;
    });
    return asking;
  }

  function keep(login: Login): Login {
    current = login;
    stopTimer();
    stopTimer = () => {};
    if (closing.signal.aborted || !login.renewable || login.endsAt === Number.POSITIVE_INFINITY) return login;
    const share = UNUSED + JITTER * Math.random();
    const wait = Math.max(left(login) - login.lifetime * share, left(login) / 4, SOON);
    stopTimer = clock.after(Math.min(wait, DAY), () => void whileUnused(login));
    return login;
  }

  async function whileUnused(login: Login): Promise<void> {
    // The timer may fire late. An expired login is replaced on the next request.
    if (current !== login || left(login) <= 0) return;
    // A request in progress may renew the login or fail to. Check again later.
    if (asking !== undefined || left(login) > login.lifetime * DUE) keep(login);
    else await once(() => renewed(login).catch(() => keep(login)));
  }

  /** Renews a login. @throws {SourceFailure} if Vault does not renew it */
  async function renewed(login: Login): Promise<Login> {
    const answer = await renewLogin(client, login, clock, closing.signal);
    const { lifetime } = login;
    const { endsAt, renewable } = answer;
    const isShort = endsAt - clock.now() < lifetime * SHORT;
    // Keep the initial lifetime: later renewals request it, and `SHORT` is relative to it.
    return keep({ ...login, endsAt, lifetime, renewable: renewable && !isShort });
  }

  async function newLogin(): Promise<Login> {
    const login = await logIn(client, method, clock, closing.signal);
    log.debug({ token, seconds: Math.round(login.lifetime / 1_000) }, 'logged in to Vault');
    return keep(login);
  }

  /** Renews a login, else logs in again. If both fail, returns the old login while it is valid. */
  async function refreshed(login: Login): Promise<Login> {
    let best = login;
    try {
      if (login.renewable) best = await renewed(login);
      if (left(best) >= best.lifetime * SHORT) return best;
    } catch (error) {
      // Vault is unavailable, so a new login would fail too.
      if (!(error instanceof VaultRefusal)) return login;
    }
    try {
      return await newLogin();
    } catch (error) {
      if (left(best) <= 0) throw error;
      log.warn({ token, error: reasonOf(error) }, 'Vault refused a new login; the previous login is still valid');
      return best;
    }
  }

  async function usable(): Promise<Login> {
    // Wait for a renewal in progress. Its failure does not matter to this request.
    await asking?.catch(() => undefined);
    return await once(async () => {
      if (current === undefined || left(current) <= 0) return newLogin();
      return left(current) < current.lifetime * DUE ? refreshed(current) : current;
    });
  }

  /** Reports whether Vault still accepts the login. A 403 may also mean that a valid login may not read the path. */
  async function isKnown(login: Login, signal: AbortSignal): Promise<boolean> {
    const request = { method: 'GET', path: 'auth/token/lookup-self', token: login.token } as const;
    return await client.ask(request, signal).then(
      () => true,
      (error) => !(error instanceof VaultRefusal && error.status === 403),
    );
  }

  return {
    async use(ask, signal) {
      const before = current;
      const login = await unlessAborted(usable(), signal, client.name);
      try {
        return await ask(login);
      } catch (error) {
        const forbidden = error instanceof VaultRefusal && error.status === 403;
        if (!forbidden || login.id !== before?.id || (await isKnown(login, signal))) throw error;
        if (current?.id === login.id) current = undefined;
        return await ask(await unlessAborted(usable(), signal, client.name));
      }
    },
    async close(revoke) {
      closing.abort();
      stopTimer();
      const login = current;
      current = undefined;
      if (revoke && login !== undefined && left(login) > 0) {
        const request = { method: 'POST', path: 'auth/token/revoke-self', token: login.token } as const;
        await client.ask(request, AbortSignal.timeout(FAREWELL)).catch((error: unknown) => {
          log.debug({ token, error: reasonOf(error) }, 'the Vault login could not be revoked; it will expire');
        });
      }
      client.close();
    },
  };
}

function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal, name: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new SourceFailure(`the login to ${name} was aborted`));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
