import { generateKeyPairSync } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { signedFetch } from '@tvm/api/signed-fetch.ts';
import { createRemoteJWKSet, decodeJwt, jwtVerify, SignJWT, UnsecuredJWT } from 'jose';
import * as oauth from 'oauth4webapi';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '#lib/config/config.ts';
import { curl } from '../support/curl.ts';
import {
  ask,
  endpoint,
  introspect,
  operator,
  readOrders,
  resourceServer,
  vend,
  workload,
} from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';

const SUBJECT = 'arn:aws:iam::000000000000:user/orders-service';
const { token_expiration_time } = loadConfig(pathToFileURL('config/'), 'local');
const verifying = { issuer: endpoint, audience: 'orders-db', typ: 'at+jwt', algorithms: ['ES256'] };
const jwks = createRemoteJWKSet(new URL(`${endpoint}/.well-known/jwks.json`));

describe('a workload requests a token with curl', () => {
  it('and gets a token for exactly this request', async () => {
    const { status, headers, body } = await ask({ expires_in: 600, reason: 'nightly report' });
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 600, authorization_details: [readOrders] });
    const { payload } = await jwtVerify(String(body.access_token), jwks, verifying);
    expect(payload).toMatchObject({
      sub: SUBJECT,
      client_id: SUBJECT,
      jti: body.token_id,
      authorization_details: [readOrders],
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600);
  });

  it('as JSON too, and with the default lifetime if it names none', async () => {
    const request = { grant_type: 'client_credentials', audience: 'orders-db', authorization_details: [readOrders] };
    const json = ['-H', 'content-type: application/json', '-d', JSON.stringify(request)];
    const { status, body } = await curl(`${endpoint}/token`, workload, ...json);
    expect([status, body.expires_in]).toEqual([200, token_expiration_time]);
  });

  it('to read one resource and write another with one token', async () => {
    const details = [
      { ...readOrders, fields: ['id', 'status'] },
      { type: 'resource', locations: ['orders-db/shipments'], actions: ['write'] },
    ];
    const { token } = await vend({ authorization_details: details, expires_in: 300 });
    expect(decodeJwt(token).authorization_details).toEqual(details);
    expect(token.length).toBeLessThan(1_300);
  });

  it('that policy denies, and the response names no policy', async () => {
    const write = await ask({ authorization_details: [{ ...readOrders, actions: ['write'] }] });
    expect(write.status).toBe(403);
    expect(write.body).toEqual({
      error: 'access_denied',
      error_description: 'policy does not allow everything that was requested',
      request_id: expect.any(String),
    });
    expect((await ask({ authorization_details: [{ ...readOrders, actions: ['read', 'write'] }] })).status).toBe(403);
    expect((await ask({ audience: 'billing' })).status).toBe(403);
  });

  it.each([
    ['expires_in', { expires_in: 3_601 }],
    ['expires_in', { expires_in: 0 }],
    ['authorization_details[0].locations[0]', { authorization_details: [{ ...readOrders, locations: ['orders-*'] }] }],
    ['grant_type', { grant_type: 'password' }],
  ])('with an invalid field, and the error names the field: %s', async (field, change) => {
    expect(await ask(change)).toMatchObject({ status: 400, body: { field, request_id: expect.any(String) } });
  });

  it('with a body that is too large, or not a request at all', async () => {
    const send = (type: string, body: string) =>
      curl(`${endpoint}/token`, workload, '-H', `content-type: ${type}`, '--data-raw', body);
    const form = 'application/x-www-form-urlencoded';
    expect(await send(form, 'x'.repeat(16_385))).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(await send('application/json', '['.repeat(10_000))).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
    expect(await send('text/plain', 'hello')).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(await send(form, 'grant_type=a&grant_type=b')).toMatchObject({ status: 400, body: { field: 'grant_type' } });
  });
});

describe('nobody else gets a token', () => {
  it.each([
    ['an unsigned request', undefined],
    ['a wrong secret', { ...workload, secretAccessKey: 'wrong' }],
    ['an unknown key', { ...workload, accessKeyId: 'AKIAUNKNOWNUNKNOWN00' }],
    ['a caller whose IAM policy lacks the path', resourceServer],
  ])('%s', async (_, caller) => {
    const { status, body } = await curl(`${endpoint}/token`, caller, '-d', 'grant_type=client_credentials');
    expect(status).toBe(403);
    expect(body).not.toHaveProperty('access_token');
  });

  it('and each path accepts only its own kind of caller', async () => {
    const callers = { workload, resourceServer, operator };
    const paths = {
      '/token': 'workload',
      '/explain': 'workload',
      '/explain/any': 'operator',
      '/revoke': 'workload',
      '/introspect': 'resourceServer',
      '/revocations': 'operator',
    };
    for (const [path, allowed] of Object.entries(paths)) {
      expect((await curl(`${endpoint}${path}`, undefined, '-d', 'x=y')).status, path).toBe(403);
      for (const [kind, caller] of Object.entries(callers)) {
        const { status } = await curl(`${endpoint}${path}`, caller, '-d', 'x=y');
        expect(status, `${kind} at ${path}`).toBe(kind === allowed ? 400 : 403);
      }
    }
  });
});

describe('a resource server', () => {
  it('finds the service by discovery, with oauth4webapi', async () => {
    const issuer = new URL(endpoint);
    const insecure = { [oauth.allowInsecureRequests]: true } as const;
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
    const client = { client_id: SUBJECT };
    const signedBy = (caller: typeof workload) => ({
      ...insecure,
      [oauth.customFetch]: (
        url: string,
        { body, headers, method }: { body?: unknown; headers: Record<string, string>; method: string },
      ) => signedFetch(caller, caller.region)(url, { body: String(body), headers, method }),
    });
    const parameters = { audience: 'orders-db', authorization_details: JSON.stringify([readOrders]) };
    const response = await oauth.clientCredentialsGrantRequest(
      as,
      client,
      oauth.None(),
      parameters,
      signedBy(workload) as never,
    );
    const { access_token: token } = await oauth.processClientCredentialsResponse(as, client, response);

    const request = new Request('https://orders.example.com/', { headers: { authorization: `Bearer ${token}` } });
    const claims = await oauth.validateJwtAccessToken(as, request, 'orders-db', insecure);
    expect(claims).toMatchObject({ sub: SUBJECT, authorization_details: [readOrders] });

    const introspected = await oauth.introspectionRequest(
      as,
      client,
      oauth.None(),
      token,
      signedBy(resourceServer) as never,
    );
    expect(await oauth.processIntrospectionResponse(as, client, introspected)).toMatchObject({
      active: true,
      sub: SUBJECT,
    });

    const revoked = await oauth.revocationRequest(as, client, oauth.None(), token, signedBy(workload) as never);
    expect(await oauth.processRevocationResponse(revoked)).toBeUndefined();
    expect(await introspect(token)).toEqual({ active: false });
  });

  it('may cache keys and metadata for a limited time', async () => {
    for (const path of ['jwks.json', 'openid-configuration', 'oauth-authorization-server']) {
      const { status, headers, body } = await curl(`${endpoint}/.well-known/${path}`);
      expect([status, headers['cache-control']]).toEqual([200, 'public, max-age=300']);
      expect(path === 'jwks.json' ? body.keys : body.issuer).toEqual(
        path === 'jwks.json' ? [expect.objectContaining({ alg: 'ES256' })] : endpoint,
      );
    }
  });

  it('rejects forged tokens, offline and by introspection', async () => {
    const { token } = await vend();
    const claims = decodeJwt(token);
    const [header, , signature] = token.split('.');
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const kid = JSON.parse(Buffer.from(header ?? '', 'base64url').toString()).kid;
    const widened = { ...claims, authorization_details: [{ ...readOrders, actions: ['read', 'write'] }] };
    const forged = {
      tampered: `${header}.${Buffer.from(JSON.stringify(widened)).toString('base64url')}.${signature}`,
      'alg none': new UnsecuredJWT(claims).encode(),
      'another key': await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid }).sign(stranger),
    };
    for (const [attack, unverified] of Object.entries(forged)) {
      await expect(jwtVerify(unverified, jwks, verifying), attack).rejects.toThrow();
      expect(await introspect(unverified), attack).toEqual({ active: false });
    }
    expect(await introspect(token)).toHaveProperty('active', true);
  });

  it('rejects an expired token', async () => {
    const { token } = await vend({ expires_in: 1 });
    await eventually(async () => expect(await introspect(token)).toEqual({ active: false }), 5_000);
    await expect(jwtVerify(token, jwks, verifying)).rejects.toThrow('"exp" claim timestamp check failed');
  });

  it('learns nothing about tokens of other audiences', async () => {
    const invoices = { type: 'resource', locations: ['billing/invoices'], actions: ['read'] };
    const { token } = await vend({ audience: 'billing', authorization_details: [invoices] });
    expect(await introspect(token)).toEqual({ active: false });
  });
});
