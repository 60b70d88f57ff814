import { reasonOf } from '../model/reason.ts';
import { SourceFailure, type SourceTools } from '../model/source.ts';
import type { VaultClient } from './client.ts';
import { type Login, logIn, renewLogin } from './login.ts';
import type { LoginMethod } from './login-method.ts';
import { VaultRefusal } from './refusal.ts';

/** A login at one Vault, kept alive. */
export interface VaultSession {
  /**
   * Asks something as who is logged in: logs in where nobody is, and again where Vault has forgotten the login.
   *
   * @throws {SourceFailure}
   */
  use<Answer>(ask: (login: Login) => Promise<Answer>, signal: AbortSignal): Promise<Answer>;
  /** Ends it. @param revoke gives the login back: Vault then revokes whatever was leased with it, too */
  close(revoke: boolean): Promise<void>;
}

/** When less than this share of a login is left, it is renewed before it is used. */
const DUE = 0.5;
/** While nobody uses it, it is renewed when between this share and this much more of it is left. */
const UNUSED = 0.35;
const JITTER = 0.1;
/** A renewal that leaves less than this share has met the role's maximum: a new login is better. */
const SHORT = 1 / 3;
/** In milliseconds: how long a timer may be, how soon a failed renewal is tried again, how long giving back may take. */
const DAY = 86_400_000;
const SOON = 1_000;
const FAREWELL = 3_000;

/**
 * A session of one source.
 *
 * Its login is renewed even while nobody asks for anything: what was leased with a login ends with it, and a secret id
 * that can be used once makes one login only.
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

  /** One renewal or login at a time: whoever comes meanwhile gets its result. */
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
    // A timer can come late: what has ended by then is replaced when it is needed.
    if (current !== login || left(login) <= 0) return;
    // Whoever asks just now may renew it or fail to; later is soon enough to see.
    if (asking !== undefined || left(login) > login.lifetime * DUE) keep(login);
    else await once(() => renewed(login).catch(() => keep(login)));
  }

  /** @throws {SourceFailure} when it is not renewed, or not for long enough */
  async function renewed(login: Login): Promise<Login> {
    const answer = await renewLogin(client, login, clock, closing.signal);
    const { lifetime } = login;
    const { endsAt, renewable } = answer;
    const isShort = endsAt - clock.now() < lifetime * SHORT;
    // What it was at first is asked for again, and says what is short.
    return keep({ ...login, endsAt, lifetime, renewable: renewable && !isShort });
  }

  async function newLogin(): Promise<Login> {
    const login = await logIn(client, method, clock, closing.signal);
    log.debug({ token, seconds: Math.round(login.lifetime / 1_000) }, 'logged in to Vault');
    return keep(login);
  }

  /** Renews it, or else logs in anew; while it lasts, it is better than none. */
  async function refreshed(login: Login): Promise<Login> {
    let best = login;
    try {
      if (login.renewable) best = await renewed(login);
      if (left(best) >= best.lifetime * SHORT) return best;
    } catch (error) {
      // Away, and not refusing: a login would fare no better.
      if (!(error instanceof VaultRefusal)) return login;
    }
    try {
      return await newLogin();
    } catch (error) {
      if (left(best) <= 0) throw error;
      log.warn({ token, error: reasonOf(error) }, 'Vault accepts no new login; the old one still lasts');
      return best;
    }
  }

  async function usable(): Promise<Login> {
    // It may be a renewal that failed, and is no answer to who needs a login now.
    await asking?.catch(() => undefined);
    return await once(async () => {
      if (current === undefined || left(current) <= 0) return newLogin();
      return left(current) < current.lifetime * DUE ? refreshed(current) : current;
    });
  }

  /** Whether Vault still knows the login: a path may be forbidden to one that is as good as ever. */
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
          log.debug({ token, error: reasonOf(error) }, 'the login was not given back to Vault; it runs out by itself');
        });
      }
      client.close();
    },
  };
}

function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal, name: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new SourceFailure(`The login to ${name} was given up`));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
