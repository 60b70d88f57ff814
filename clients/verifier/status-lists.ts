import type { JSONWebKeySet } from 'jose';
import * as z from 'zod';
import type { StatusList } from './status-list.ts';
import { StatusListFailure } from './status-list-failure.ts';

/** Where a token has its bit. */
export interface Place {
  issuer: string;
  uri: string;
  index: number;
}

/** Reads the status lists of one issuer. */
export interface StatusLists {
  /**
   * Whether a place is marked as revoked.
   *
   * @returns also in how many milliseconds there may be a newer list
   * @throws {StatusListFailure} when nobody knows
   */
  look(place: Place): Promise<{ revoked: boolean; askAgainIn: number }>;
}

/** How an issuer is asked. What these throw is passed on. */
export interface Transport {
  /** The JSON object at a URL. */
  json(url: string): Promise<unknown>;
  /** The answer to a GET, whatever its status. Header names are lower-case. */
  get(
    url: string,
    headers: Record<string, string>,
  ): Promise<{
    status: number;
    headers: { etag?: string | undefined; 'retry-after'?: string | undefined };
    body: string;
  }>;
}

/** Both clocks in milliseconds: one may be set, the other may stand still. */
export interface Clocks {
  /** Since the epoch. */
  now(): number;
  elapsed(): number;
}

interface CachedList extends StatusList {
  etag: string | undefined;
  /** When it was asked for, by either clock, in milliseconds. */
  askedAt: { now: number; elapsed: number };
}

/** How long keys are used before they are asked for again, in milliseconds, as their `cache-control` says. */
const KEYS_LIFETIME = 300_000;

/** Not sooner than so, in milliseconds. */
const SOONEST = 1_000;

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

/**
 * Makes a reader of an issuer's status lists. A list is fetched once within its ttl, for however many tokens.
 *
 * Lists and keys are asked for at the endpoint that is configured, and nowhere that a token or a list names: an issuer
 * may have another URL in its tokens than the one by which it is reached from here.
 *
 * @param endpoint without a slash at its end
 */
export function statusLists(endpoint: string, transport: Transport, clock: Clocks): StatusLists {
  const { host } = new URL(endpoint);
  const cached = new Map<string, CachedList>();
  const asking = new Map<string, Promise<CachedList>>();
  let keys: { set: JSONWebKeySet; fetchedAt: number } | undefined;

  async function currentKeys(): Promise<JSONWebKeySet> {
    if (keys !== undefined && clock.elapsed() - keys.fetchedAt < KEYS_LIFETIME) return keys.set;
    const fetchedAt = clock.elapsed();
    const { data } = keySet.safeParse(await transport.json(`${endpoint}/.well-known/status-list-keys.json`));
    if (data === undefined) throw new StatusListFailure(`${host} gave no keys that status lists are verified with`);
    keys = { set: data as JSONWebKeySet, fetchedAt };
    return keys.set;
  }

  async function verified(jwt: string, url: string, place: Place): Promise<StatusList> {
    // jose and zlib are loaded where a list is read.
    const { readStatusList } = await import('./status-list.ts');
    const before = keys;
    const list = await readStatusList(jwt, await currentKeys(), { ...place, url, now: clock.now() });
    if (list !== undefined) return list;
    // Another key signs since: cached keys say nothing of it, keys that were just fetched say it is none.
    const fetched = keys !== before;
    keys = undefined;
    if (fetched) throw new StatusListFailure(`${url} is signed by a key that ${host} does not publish`);
    return await verified(jwt, url, place);
  }

  async function fetched(place: Place, had: CachedList | undefined): Promise<CachedList> {
    const askedAt = { now: clock.now(), elapsed: clock.elapsed() };
    const url = `${endpoint}${place.uri.slice(place.issuer.length)}`;
    // One that has ended says nothing, even if it has not changed.
    const valid = had !== undefined && had.endsAt > askedAt.now ? had : undefined;
    const answer = await transport.get(url, {
      accept: 'application/statuslist+jwt',
      ...(valid?.etag !== undefined && { 'if-none-match': valid.etag }),
    });
    if (answer.status === 304 && valid !== undefined) return { ...valid, askedAt };
    if (answer.status !== 200) {
      throw new StatusListFailure(`${url} answered ${answer.status}`, answer.headers['retry-after']);
    }
    const list = await verified(answer.body, url, place);
    // Whoever shows an old list hides what was revoked since.
    if (had !== undefined && list.issuedAt < had.issuedAt) {
      throw new StatusListFailure(`${url} gave an older status list than the one before`);
    }
    return { ...list, etag: answer.headers.etag, askedAt };
  }

  /** For how many more milliseconds a list may be used. Either clock may end it: one jumps, the other may stand still. */
  function freshFor({ ttl, endsAt, askedAt }: CachedList): number {
    const age = clock.now() - askedAt.now;
    return age < 0 ? 0 : Math.min(ttl - age, ttl - (clock.elapsed() - askedAt.elapsed), endsAt - clock.now());
  }

  async function listAt(place: Place): Promise<CachedList> {
    const had = cached.get(place.uri);
    if (had !== undefined && freshFor(had) > 0) return had;
    const list = await fetched(place, had);
    for (const [uri, { endsAt }] of cached) if (endsAt <= clock.now()) cached.delete(uri);
    cached.set(place.uri, list);
    return list;
  }

  return {
    async look(place) {
      const { issuer, uri, index } = place;
      const path = uri.startsWith(issuer) ? uri.slice(issuer.length) : '';
      if (!/^\/status-lists\/[1-9]\d{0,8}$/.test(path)) {
        throw new StatusListFailure('the token names a status list that is not of its issuer');
      }
      const current = asking.get(uri) ?? listAt(place).finally(() => asking.delete(uri));
      asking.set(uri, current);
      const list = await current;
      const revoked = isMarked(list, index);
      if (revoked === undefined) throw new StatusListFailure(`${endpoint}${path} has no place ${index}`);
      return { revoked, askAgainIn: Math.max(freshFor(list), SOONEST) };
    },
  };
}

/**
 * Whether a place is marked as revoked. Bits are counted from each byte's least significant one (section 4.1).
 *
 * @returns nothing where the list has no such place
 */
function isMarked({ bits }: StatusList, index: number): boolean | undefined {
  const byte = bits[Math.floor(index / 8)];
  return byte === undefined ? undefined : ((byte >> (index % 8)) & 1) === 1;
}
