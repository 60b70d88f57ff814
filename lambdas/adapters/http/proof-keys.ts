import { discoveryUrl, readDiscovery } from '@tvm/core/federation/discovery.ts';
import { readKeySet } from '@tvm/core/federation/key-set.ts';
import type { ProofKeys } from '@tvm/core/federation/ports.ts';
import type { PublicJwk, TrustEntry } from '@tvm/core/federation/trust-entry.ts';
import type { Clock } from '@tvm/core/ports.ts';
import { type Connection, checkedGet } from './checked-get.ts';
import { keyCache } from './key-cache.ts';

/** Timeout for fetching the keys of an issuer, with its discovery document, in milliseconds. */
const TIMEOUT = 5_000;

/**
 * Fetches the keys of other issuers: from a URL, or by discovery (OpenID Connect Discovery 1.0, section 4). Entries with the
 * same source share its keys. Only trust entries name sources, never a proof.
 *
 * @param options how issuers are reached, and the timeout in milliseconds
 */
export function proofKeys(
  { timeout = TIMEOUT, ...connection }: Connection & { timeout?: number | undefined } = {},
  clock: Clock = { now: Date.now },
): ProofKeys {
  const caches = new Map<string, ReturnType<typeof keyCache>>();
  return {
    async keysOf({ issuer, keys }, kid) {
      if (keys.from === 'file') return keys.keys;
      const source = keys.from === 'url' ? `url ${keys.url}` : `discovery ${issuer}`;
      let cache = caches.get(source);
      if (cache === undefined) {
        cache = keyCache(() => fetchKeys({ issuer, keys }, connection, AbortSignal.timeout(timeout)), clock);
        caches.set(source, cache);
      }
      return cache(kid);
    },
  };
}

async function fetchKeys(
  { issuer, keys }: Pick<TrustEntry, 'issuer' | 'keys'>,
  connection: Connection,
  signal: AbortSignal,
): Promise<readonly PublicJwk[]> {
  let address = keys.from === 'url' ? keys.url : undefined;
  if (address === undefined) {
    const document = readDiscovery(await checkedGet(discoveryUrl(issuer), connection, signal), issuer);
    if ('problem' in document) throw new Error(`the discovery document ${document.problem}`);
    address = document.jwksUri;
  }
  const set = readKeySet(await checkedGet(address, connection, signal));
  if ('problem' in set) throw new Error(`the key set ${set.problem}`);
  return set.keys;
}
