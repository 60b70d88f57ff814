import { getListFromStatusListJWT, getStatusListFromJWT } from '@sd-jwt/jwt-status-list';
import { mapAtMost } from '@tvm/core/at-most.ts';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '#lib/config/config.ts';
import { curl, formData } from '../support/curl.ts';
import { ciJob, endpoint, introspect, readOrders, vend, workload } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';
import { revocationCheck } from '../support/revocation-check.ts';

const { status_list_ttl: ttl } = loadConfig(new URL('../../config/', import.meta.url), 'local');
const keys = createRemoteJWKSet(new URL(`${endpoint}/.well-known/status-list-keys.json`));

/** Returns a token's status list, verified like a resource server does, and the token's bit in it. */
async function listOf(token: string) {
  const { uri, idx } = getStatusListFromJWT(token);
  const response = await fetch(uri);
  const body = await response.text();
  expect(response.status, body.slice(0, 300)).toBe(200);
  const { payload } = await jwtVerify(body, keys, {
    typ: 'statuslist+jwt',
    issuer: endpoint,
    subject: uri,
    algorithms: ['ES256'],
  });
  return { uri, response, body, payload, bit: getListFromStatusListJWT(body).getStatus(idx) };
}

// The scheduler publishes the lists within a minute after the deployment.
beforeAll(async () => {
  const { token } = await vend();
  await eventually(() => listOf(token), 90_000);
}, 100_000);

describe('a token in the status list', () => {
  it('is valid, and invalid soon after its revocation, according to another library', async () => {
    const [{ token }, { token: other }] = [await vend(), await vend()];
    const before = await listOf(token);
    expect(before.bit).toBe(0);
    expect(before.payload).toMatchObject({ sub: before.uri, ttl, status_list: { bits: 1 } });
    await curl(`${endpoint}/revoke`, workload, ...formData({ token }));
    await eventually(async () => expect((await listOf(token)).bit).toBe(1));
    expect((await listOf(other)).bit).toBe(0);
    expect(
      (await fetch(before.uri, { headers: { 'if-none-match': before.response.headers.get('etag') ?? '' } })).status,
    ).toBe(200);
  });

  it('has a unique index', async () => {
    const tokens = await mapAtMost(4, Array.from({ length: 20 }), () => vend());
    const indexes = tokens.map(({ token }) => JSON.stringify(getStatusListFromJWT(token)));
    expect(new Set(indexes).size).toBe(tokens.length);
  });

  it('is short, with its index and its obligations', async () => {
    const details = [{ type: 'resource', locations: ['releases/orders/v17'], actions: ['write'] }];
    const { token } = await vend(
      {
        authorization_details: details,
        audience: 'releases',
        expires_in: 300,
        reason: 'release 17',
        task: 'deploy-17',
      },
      ciJob,
    );
    expect(decodeJwt(token)).toMatchObject({ obligations: { networks: ['build'] }, status: { status_list: {} } });
    expect(token.length).toBeLessThan(1_300);
  });

  it('is revoked for a resource server that checks as documented', async () => {
    const { token } = await vend({ authorization_details: [readOrders] });
    expect(await revocationCheck(endpoint)(decodeJwt(token))).toBe(false);
    await curl(`${endpoint}/revoke`, workload, ...formData({ token }));
    await eventually(async () => expect(await revocationCheck(endpoint)(decodeJwt(token))).toBe(true));
  });
});

describe('a status list over HTTP', () => {
  it('may be cached for its ttl, and is not sent again to a client that has it', async () => {
    const { token } = await vend();
    const { uri, response } = await listOf(token);
    expect(response.headers.get('content-type')).toBe('application/statuslist+jwt');
    expect(response.headers.get('cache-control')).toBe(`public, max-age=${ttl}`);
    const etag = response.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    const again = await fetch(uri, { headers: { 'if-none-match': etag } });
    expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, etag, '']);
    expect((await fetch(uri, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });

  it('is found through the metadata, and an unknown list gets 404', async () => {
    const { body: metadata } = await curl(`${endpoint}/.well-known/oauth-authorization-server`);
    const { body: aggregation } = await curl(String(metadata.status_list_aggregation_endpoint));
    expect(aggregation.status_lists).toContain(`${endpoint}/status-lists/1`);
    expect(metadata.status_list_jwks_uri).toBe(`${endpoint}/.well-known/status-list-keys.json`);
    for (const list of ['99', '0', '01', 'x']) {
      const { status, body } = await curl(`${endpoint}/status-lists/${list}`);
      expect([list, status, body.error]).toEqual([list, 404, 'not_found']);
    }
  });

  it('is not accepted as an access token, and is not signed with an access token key', async () => {
    const { token } = await vend();
    const { body } = await listOf(token);
    expect(await introspect(body)).toEqual({ active: false });
    const { body: tokenKeys } = await curl(`${endpoint}/.well-known/jwks.json`);
    const kids = (tokenKeys as unknown as JSONWebKeySet).keys.map(({ kid }) => kid);
    expect(kids).toContain(decodeProtectedHeader(token).kid);
    expect(kids).not.toContain(decodeProtectedHeader(body).kid);
    // The configuration of jose in docs/how-to/check-status-lists.md.
    const asDocumented = { algorithms: ['ES256'], typ: 'at+jwt', issuer: endpoint, audience: 'orders-db' };
    const remote = createRemoteJWKSet(new URL(`${endpoint}/.well-known/jwks.json`));
    await expect(jwtVerify(body, remote, asDocumented)).rejects.toThrow();
    await expect(jwtVerify(body, keys, asDocumented)).rejects.toThrow(/"typ"/);
  });
});
