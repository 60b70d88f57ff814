import type { JSONWebKeySet } from 'jose';
import * as z from 'zod';
import type { StatusList } from './status-list.ts';
import { StatusListFailure } from './status-list-failure.ts';

/** The status list and the index of a token. */
export interface StatusListReference {
  issuer: string;
  uri: string;
  index: number;
}

/** Reads the status lists of one issuer. */
export interface StatusLists {
  /**
   * Reports whether an index is marked as revoked.
   *
   * @returns also the milliseconds until there may be a newer list
   * @throws {StatusListFailure} if the revocation status is unknown
   */
  check(reference: StatusListReference): Promise<{ revoked: boolean; askAgainIn: number }>;
}

/** The HTTP client for requests to an issuer. Its errors are not caught. */
export interface Transport {
  /** Returns the JSON object at a URL. */
  json(url: string): Promise<unknown>;
  /** Returns the response to a GET request, with any status. Header names are lower-case. */
  get(
    url: string,
    headers: Record<string, string>,
  ): Promise<{
    status: number;
    headers: { etag?: string | undefined; 'retry-after'?: string | undefined };
    body: string;
  }>;
}

/** Wall clock and monotonic clock, in milliseconds. The wall clock may be set; the monotonic clock may stop. */
export interface Clocks {
  /** Returns milliseconds since the epoch. */
  now(): number;
  elapsed(): number;
}

interface CachedList extends StatusList {
  etag: string | undefined;
  /** When the list was requested, by both clocks, in milliseconds. */
  askedAt: { now: number; elapsed: number };
}

/** How long keys are cached, in milliseconds, as in their `cache-control`. */
const KEYS_LIFETIME = 300_000;

/** The minimum wait before the next check, in milliseconds. */
const SOONEST = 1_000;

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

/**
 * Creates a reader of an issuer's status lists. A list is fetched once within its TTL, for any number of tokens.
 *
 * Lists and keys are fetched only from the configured endpoint, never from a URL in a token or a list. The issuer URL
 * in tokens may differ from the endpoint.
 *
 * @param endpoint the URL without a trailing slash
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
    if (data === undefined) throw new StatusListFailure(`${host} returned no keys for status lists`);
    keys = { set: data as JSONWebKeySet, fetchedAt };
    return keys.set;
  }

  async function verified(jwt: string, url: string, reference: StatusListReference): Promise<StatusList> {
    // Imported on demand, because jose and zlib use memory.
    const { readStatusList } = await import('./status-list.ts');
    const before = keys;
    const list = await readStatusList(jwt, await currentKeys(), { ...reference, url, now: clock.now() });
    if (list !== undefined) return list;
    // An unknown key may be new. If the keys were cached, fetch them again. If they were just fetched, the key is
    // invalid.
    const fetched = keys !== before;
    keys = undefined;
    if (fetched) throw new StatusListFailure(`${url} is signed with a key that ${host} does not publish`);
    return await verified(jwt, url, reference);
  }

  async function fetched(reference: StatusListReference, had: CachedList | undefined): Promise<CachedList> {
    const askedAt = { now: clock.now(), elapsed: clock.elapsed() };
    const url = `${endpoint}${reference.uri.slice(reference.issuer.length)}`;
    // An expired list is not valid, even if it has not changed.
    const valid = had !== undefined && had.endsAt > askedAt.now ? had : undefined;
    const answer = await transport.get(url, {
      accept: 'application/statuslist+jwt',
      ...(valid?.etag !== undefined && { 'if-none-match': valid.etag }),
    });
    if (answer.status === 304 && valid !== undefined) return { ...valid, askedAt };
    if (answer.status !== 200) {
      throw new StatusListFailure(`${url} responded with status ${answer.status}`, answer.headers['retry-after']);
    }
    const list = await verified(answer.body, url, reference);
    // Refuse an older list: an attacker could replay it to hide later revocations.
    if (had !== undefined && list.issuedAt < had.issuedAt) {
      throw new StatusListFailure(`${url} returned an older status list than before`);
    }
    return { ...list, etag: answer.headers.etag, askedAt };
  }

  /** Returns the milliseconds for which a list may still be used, by the clock on which it is older. */
  function freshFor({ ttl, endsAt, askedAt }: CachedList): number {
    const age = clock.now() - askedAt.now;
    return age < 0 ? 0 : Math.min(ttl - age, ttl - (clock.elapsed() - askedAt.elapsed), endsAt - clock.now());
  }

  async function listAt(reference: StatusListReference): Promise<CachedList> {
    const had = cached.get(reference.uri);
    if (had !== undefined && freshFor(had) > 0) return had;
    const list = await fetched(reference, had);
    for (const [uri, { endsAt }] of cached) if (endsAt <= clock.now()) cached.delete(uri);
    cached.set(reference.uri, list);
    return list;
  }

  return {
    async check(reference) {
      const { issuer, uri, index } = reference;
      const path = uri.startsWith(issuer) ? uri.slice(issuer.length) : '';
      if (!/^\/status-lists\/[1-9]\d{0,8}$/.test(path)) {
        throw new StatusListFailure('the token refers to a status list of another issuer');
      }
      const current = asking.get(uri) ?? listAt(reference).finally(() => asking.delete(uri));
      asking.set(uri, current);
      const list = await current;
      const revoked = isMarked(list, index);
      if (revoked === undefined) throw new StatusListFailure(`${endpoint}${path} has no index ${index}`);
      return { revoked, askAgainIn: Math.max(freshFor(list), SOONEST) };
    },
  };
}

/**
 * Reports whether an index is marked as revoked. Bits are counted from the least significant bit of each byte (section
 * 4.1).
 *
 * @returns undefined if the list does not have this index
 */
function isMarked({ bits }: StatusList, index: number): boolean | undefined {
  const byte = bits[Math.floor(index / 8)];
  return byte === undefined ? undefined : ((byte >> (index % 8)) & 1) === 1;
}
