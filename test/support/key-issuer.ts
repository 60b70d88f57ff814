import type { LookupAddress } from 'node:dns';
import type { ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import type { TrustEntry } from '@tvm/core/federation/trust-entry.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import { expect, onTestFinished } from 'vitest';
import { proofKeys } from '#lambdas/adapters/http/proof-keys.ts';
import { certificateAuthority } from '../relay/support/certificates.ts';
import { tlsIssuer } from '../relay/support/tls-issuer.ts';
import { issuerKey, trustEntry } from './proofs.ts';

export const HOST = 'issuer.test';
export const DISCOVERY = '/.well-known/openid-configuration';
export const key = issuerKey('ES256');
export const authority = certificateAuthority('Test CA');
const certificate = authority.issue({ names: [HOST], addresses: ['127.0.0.1'] });

/** The result of a lookup. */
export const addressesOf = (...addresses: string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
const onLoopback = async () => addressesOf('127.0.0.1');

/** How these tests reach the issuer. It is on loopback, and therefore named. */
export const CONNECTION = { allow: [HOST], resolve: onLoopback, ca: authority.cert, timeout: 60_000 };

/** How the issuer responds to a request for a path. */
export type Answer = (response: ServerResponse, path: string) => void;
export const json = (response: ServerResponse, value: unknown) =>
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
export const serveKeys: Answer = (response) => json(response, { keys: [key.jwk] });

/** An issuer on loopback, with TLS, and its entry with a JWKS URL. */
export async function issuer(answer: Answer = serveKeys, options = {}) {
  const server = await tlsIssuer(
    certificate,
    ({ path = '' }, response) => {
      // Clients stop reading in the middle of a response.
      response.on('error', () => {});
      answer(response, path);
    },
    options,
  );
  onTestFinished(() => server.close());
  const url = `https://${HOST}:${server.port}`;
  return { ...server, url, entry: entryOf(url, `${url}/jwks`) };
}

/** The entry of an issuer, with discovery or a JWKS URL. */
export const entryOf = (issuer: string, jwksUrl?: string): TrustEntry =>
  trustEntry(
    `idp: { oidc: { issuer: "${issuer}"${jwksUrl === undefined ? '' : `, keys: { jwks_url: "${jwksUrl}" }`} } }`,
  ).entry;

/** An issuer with discovery. */
export async function discovered(change: (metadata: { issuer: string; jwks_uri: string }) => object = (same) => same) {
  const at = { url: '' };
  const server = await issuer((response, path) =>
    path.endsWith(DISCOVERY)
      ? json(response, change({ issuer: at.url, jwks_uri: `${at.url}/keys` }))
      : serveKeys(response, path),
  );
  at.url = server.url;
  return { ...server, entry: entryOf(server.url) };
}

/** Returns why the keys of an entry cannot be fetched. */
export async function failure(entry: TrustEntry, options: object = {}): Promise<string> {
  const error = await proofKeys({ ...CONNECTION, ...options })
    .keysOf(entry, 'key-1')
    .then(
      () => expect.unreachable('keys were returned'),
      (error: unknown) => error,
    );
  if (!(error instanceof DependencyFault)) throw error;
  return String(error.cause);
}
