import type { JSONWebKeySet } from 'jose';
import * as z from 'zod';
import { type HttpClient, jsonObject } from '../http/client.ts';
import { retryAfterOf } from '../http/retry-after.ts';
import type { Clock } from '../model/clock.ts';
import { SourceFailure } from '../model/source.ts';
import type { StatusList } from './status-list.ts';

/** Where a token has its bit. */
export interface Place {
  issuer: string;
  uri: string;
  index: number;
}

/** Reads the status lists of one machine. */
export interface StatusLists {
  /**
   * Whether a place is marked as revoked.
   *
   * @returns also in how many milliseconds there may be a newer list
   * @throws {SourceFailure} when nobody knows
   */
  look(place: Place): Promise<{ revoked: boolean; askAgainIn: number }>;
}

interface KeptList extends StatusList {
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
 * Makes a reader of a machine's status lists. A list is fetched once within its ttl, for however many tokens.
 *
 * Lists and keys are asked for at the endpoint that is configured, and nowhere that a token or a list names: a machine
 * may have another URL as its issuer than the one by which it is reached from here.
 *
 * @param endpoint without a slash at its end
 * @param signal ends what is under way
 */
export function statusLists(endpoint: string, client: HttpClient, clock: Clock, signal: AbortSignal): StatusLists {
  const { host } = new URL(endpoint);
  const kept = new Map<string, KeptList>();
  const asking = new Map<string, Promise<KeptList>>();
  let keys: { set: JSONWebKeySet; fetchedAt: number } | undefined;

  async function currentKeys(): Promise<JSONWebKeySet> {
    if (keys !== undefined && clock.elapsed() - keys.fetchedAt < KEYS_LIFETIME) return keys.set;
    const fetchedAt = clock.elapsed();
    const url = `${endpoint}/.well-known/status-list-keys.json`;
    const answer = await client.send({ method: 'GET', url }, signal);
    const { data } = keySet.safeParse(jsonObject(answer, host));
    if (data === undefined) throw new SourceFailure(`${host} gave no keys that status lists are verified with`);
    keys = { set: data as JSONWebKeySet, fetchedAt };
    return keys.set;
  }

  async function verified(jwt: string, url: string, place: Place): Promise<StatusList> {
    const before = keys;
    try {
      const { readStatusList } = await import('./status-list.ts');
      return await readStatusList(jwt, await currentKeys(), { ...place, url, now: clock.now() });
    } catch (error) {
      if (error instanceof SourceFailure) throw error;
      // Another key signs since: those that were kept say nothing of it, those that were just fetched say it is none.
      const fetched = keys !== before;
      keys = undefined;
      if (fetched) throw new SourceFailure(`${url} is signed by a key that ${host} does not publish`);
      return await verified(jwt, url, place);
    }
  }

  async function fetched(place: Place, had: KeptList | undefined): Promise<KeptList> {
    const askedAt = { now: clock.now(), elapsed: clock.elapsed() };
    const url = `${endpoint}${place.uri.slice(place.issuer.length)}`;
    // One that has ended says nothing, even if it has not changed.
    const valid = had !== undefined && had.endsAt > askedAt.now ? had : undefined;
    const headers = {
      accept: 'application/statuslist+jwt',
      ...(valid?.etag !== undefined && { 'if-none-match': valid.etag }),
    };
    const answer = await client.send({ method: 'GET', url, headers }, signal);
    if (answer.status === 304 && valid !== undefined) return { ...valid, askedAt };
    if (answer.status !== 200) {
      throw new SourceFailure(`${url} answered ${answer.status}`, {
        retryAfter: retryAfterOf(answer.headers['retry-after'], clock.now()),
      });
    }
    const list = await verified(answer.body, url, place);
    // Whoever shows an old list hides what was revoked since.
    if (had !== undefined && list.issuedAt < had.issuedAt) {
      throw new SourceFailure(`${url} gave an older status list than the one before`);
    }
    return { ...list, etag: answer.headers.etag, askedAt };
  }

  /** For how many more milliseconds a list may be used. Either clock may end it: one jumps, the other may stand still. */
  function freshFor({ ttl, endsAt, askedAt }: KeptList): number {
    const age = clock.now() - askedAt.now;
    return age < 0 ? 0 : Math.min(ttl - age, ttl - (clock.elapsed() - askedAt.elapsed), endsAt - clock.now());
  }

  async function listAt(place: Place): Promise<KeptList> {
    const had = kept.get(place.uri);
    if (had !== undefined && freshFor(had) > 0) return had;
    const list = await fetched(place, had);
    for (const [uri, { endsAt }] of kept) if (endsAt <= clock.now()) kept.delete(uri);
    kept.set(place.uri, list);
    return list;
  }

  return {
    async look(place) {
      const { issuer, uri, index } = place;
      const path = uri.startsWith(issuer) ? uri.slice(issuer.length) : '';
      if (!/^\/status-lists\/[1-9]\d{0,8}$/.test(path)) {
        throw new SourceFailure('the token names a status list that is not of its issuer');
      }
      const current = asking.get(uri) ?? listAt(place).finally(() => asking.delete(uri));
      asking.set(uri, current);
      const list = await current;
      const revoked = isMarked(list, index);
      if (revoked === undefined) throw new SourceFailure(`${endpoint}${path} has no place ${index}`);
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
