import { isLoopback } from '@tvm/api/loopback.ts';
import { boundedText } from '@tvm/contract/bounded-text.ts';
import { discoveryUrl, readDiscovery } from '@tvm/core/federation/discovery.ts';
import { readKeySet } from '@tvm/core/federation/key-set.ts';
import type { PublicJwk } from '@tvm/core/federation/trust-entry.ts';

/** The timeout of each request, in milliseconds. */
const TIMEOUT = 10_000;

/** The maximum size of a document, in bytes. */
const MOST_BYTES = 262_144;

/**
 * Fetches the keys of an issuer: from a URL, or by discovery (OpenID Connect Discovery 1.0, section 4).
 *
 * @returns the keys, or the reason why there are none
 */
export async function fetchKeys(
  source: { url: string } | { issuer: string },
): Promise<{ keys: readonly PublicJwk[] } | { keys: undefined; missing: string }> {
  try {
    const set = readKeySet(await fetched('url' in source ? source.url : await jwksUri(source.issuer)));
    if ('problem' in set) throw new Missing(`the key set of the issuer ${set.problem}`);
    return { keys: set.keys };
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    return { keys: undefined, missing: error.message };
  }
}

/** The keys are unavailable. */
class Missing extends Error {
  override readonly name = 'Missing';
}

async function jwksUri(issuer: string): Promise<string> {
  const document = readDiscovery(await fetched(discoveryUrl(issuer)), issuer);
  if ('problem' in document) throw new Missing(`the discovery document ${document.problem}`);
  return document.jwksUri;
}

async function fetched(address: string): Promise<string> {
  const url = URL.parse(address);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (url === null || !isSafe) throw new Missing('the keys of the issuer are not at an https URL');
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT) });
    if (response.ok) return await boundedText(response, MOST_BYTES);
  } catch {
    // Reported below, together with error statuses.
  }
  throw new Missing(`the keys could not be fetched from ${url.host}`);
}
