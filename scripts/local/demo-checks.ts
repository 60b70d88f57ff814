import { getListFromStatusListJWT } from '@sd-jwt/jwt-status-list';
import type { Credentials } from '@tvm/api/signature.ts';
import { signedFetch } from '@tvm/api/signed-fetch.ts';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import type { Target } from '../emulators/target.ts';
import { Failure } from '../tools/failure.mjs';

/** Stops the demonstration if the condition is false. */
export function expect(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Failure(`The demonstration failed: ${sentence}.`);
}

/** @returns the JSON body of a response. The response's status must be `status`. */
export async function json(response: Response, status: number, what: string): Promise<Record<string, unknown>> {
  const text = await response.text();
  const shown = text.slice(0, 300).replace(/"access_token":"[^"]*"?/, '"access_token":"…"');
  expect(response.status === status, `${what} got ${response.status} instead of ${status}: ${shown}`);
  return JSON.parse(text);
}

/** What a resource server needs to verify tokens offline. */
export interface PublishedKeys {
  issuer: string;
  keys: JSONWebKeySet;
}

/** @param issuer the issuer URL of TVM @returns its keys, found by OIDC discovery */
export async function discoverKeys(issuer: string): Promise<PublishedKeys> {
  const found = await json(await fetch(`${issuer}/.well-known/openid-configuration`), 200, 'OIDC discovery');
  expect(found.issuer === issuer, `discovery returns the issuer ${found.issuer} instead of ${issuer}`);
  const keys = await json(await fetch(String(found.jwks_uri)), 200, 'the key set');
  return { issuer, keys: keys as unknown as JSONWebKeySet };
}

/** Verifies a token as a resource server does: signature, algorithm, type, issuer, audience, times. */
export async function verify(token: string, { issuer, keys }: PublishedKeys, audience: string): Promise<JWTPayload> {
  const algorithms = keys.keys.flatMap(({ alg }) => alg ?? []);
  const { payload } = await jwtVerify(token, createLocalJWKSet(keys), { issuer, audience, typ: 'at+jwt', algorithms });
  return payload;
}

/** @returns the token with "read" changed to "write" in its claims, and its signature unchanged */
export function tamper(token: string): string {
  const [header, payload = '', signature] = token.split('.');
  const claims = Buffer.from(payload, 'base64url').toString().replace('"read"', '"write"');
  return [header, Buffer.from(claims).toString('base64url'), signature].join('.');
}

/** @returns whether verification fails, and only because of the signature */
export async function signatureFails(verification: Promise<unknown>): Promise<boolean> {
  return verification.then(
    () => false,
    (error) => error instanceof errors.JWSSignatureVerificationFailed,
  );
}

/** Sends a form by POST, signed with an AWS identity. */
export function post(
  { region }: Target,
  who: Credentials,
  url: string,
  form: Record<string, string>,
): Promise<Response> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return signedFetch(who, region)(url, { method: 'POST', headers, body: new URLSearchParams(form).toString() });
}

/** @returns whether the published status list marks a token as revoked. The list's signature must be valid. */
export async function listedAsRevoked(issuer: string, { idx, uri }: { idx: number; uri: string }): Promise<boolean> {
  const keys = await json(await fetch(`${issuer}/.well-known/status-list-keys.json`), 200, 'the status lists’ keys');
  const response = await fetch(uri);
  expect(response.ok, `the status list got ${response.status}`);
  const list = await response.text();
  const keySet = createLocalJWKSet(keys as unknown as JSONWebKeySet);
  await jwtVerify(list, keySet, { typ: 'statuslist+jwt', subject: uri });
  return getListFromStatusListJWT(list).getStatus(idx) === 1;
}
