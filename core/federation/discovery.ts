import { readStrictJson } from '@tvm/contract/strict-json.ts';
import { isMapping } from '../settings/fault.ts';

/** Maximum length of a `jwks_uri`, in characters. */
const MAX_URL = 2_048;

/** Returns the URL of an issuer's discovery document (OpenID Connect Discovery 1.0, section 4). */
export function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/**
 * Reads a discovery document (OpenID Connect Discovery 1.0, section 4.2).
 *
 * @param issuer the issuer of the trust entry
 * @returns the URL of its key set; or the problem, which completes a sentence about the document
 */
export function readDiscovery(text: string, issuer: string): { jwksUri: string } | { problem: string } {
  const json = readStrictJson(text);
  const metadata = json.ok && isMapping(json.value) ? json.value : {};
  // Another issuer's document must not decide about the keys (section 4.3).
  if (metadata.issuer !== issuer) return { problem: 'is not of this issuer' };
  const { jwks_uri: jwksUri } = metadata;
  return typeof jwksUri === 'string' && jwksUri.length <= MAX_URL ? { jwksUri } : { problem: 'names no jwks_uri' };
}
