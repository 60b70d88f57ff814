import { signedFetch } from '@tvm/api/signed-fetch.ts';
import { describe, expect, it } from 'vitest';
import { curl, formData } from '../support/curl.ts';
import { endpoint, operator, readOrders, resourceServer, vend, workload } from '../support/deployed-service.ts';

type Caller = typeof workload;
const FORM = 'application/x-www-form-urlencoded';

/** Sends a signed body unchanged: some bodies are ones that no client library would write. */
async function post(path: string, body: string, caller: Caller, contentType = FORM) {
  const headers = { 'content-type': contentType };
  const response = await signedFetch(caller, caller.region)(`${endpoint}${path}`, { method: 'POST', headers, body });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const details = encodeURIComponent(JSON.stringify([readOrders]));
const tokenForm = `grant_type=client_credentials&audience=orders-db&authorization_details=${details}`;

describe('a filter without a value is rejected, and does not match everything', () => {
  it.each([
    ['form', 'subject=&audience=orders-db&reason=drill', FORM],
    ['JSON', '{"subject":"","audience":"orders-db"}', 'application/json'],
  ])('in a revocation, as %s', async (_, body, contentType) => {
    const { tokenId } = await vend();
    expect(await post('/revocations', body, operator, contentType)).toMatchObject({
      status: 400,
      body: { error: 'invalid_request', field: 'subject', error_description: 'subject must not be empty' },
    });
    const { body: life } = await curl(`${endpoint}/tokens/${tokenId}`, operator);
    expect(life).toMatchObject({ state: 'active' });
  });

  it('in a list', async () => {
    const { status, body } = await curl(`${endpoint}/tokens?subject=`, operator);
    expect([status, body.field]).toEqual([400, 'subject']);
  });
});

it.each([
  ['grant_type given twice', `grant_type=client_credentials&${tokenForm}`, 'grant_type'],
  ['audience given twice', `audience=a&${tokenForm}`, 'audience'],
  ['no grant_type', tokenForm.replace('grant_type=client_credentials&', ''), 'grant_type'],
  ['a question mark before the first parameter', `?${tokenForm}`, 'grant_type'],
])('a token request with %s is an invalid_request', async (_, body, field) => {
  expect(await post('/token', body, workload)).toMatchObject({
    status: 400,
    body: { error: 'invalid_request', field },
  });
});

describe('introspection', () => {
  it.each(['é✓', 'a%00b', 'a'.repeat(9_000), ' '])('reports the text %j as inactive', async (text) => {
    const token = text.includes('%') ? text : encodeURIComponent(text);
    expect(await post('/introspect', `token=${token}`, resourceServer)).toEqual({
      status: 200,
      body: { active: false },
    });
  });

  it('accepts a token only in its exact encoding', async () => {
    const { token } = await vend();
    const introspect = async (text: string) =>
      (await post('/introspect', `token=${encodeURIComponent(text)}`, resourceServer)).body.active;
    expect(await introspect(token)).toBe(true);
    for (const other of [`${token}==`, `  ${token}`, `${token}\n`]) expect(await introspect(other)).toBe(false);
  });

  it('requires a token', async () => {
    const { status, body } = await curl(`${endpoint}/introspect`, resourceServer, ...formData({ token: '' }));
    expect([status, body.error, body.field]).toEqual([400, 'invalid_request', 'token']);
  });
});

describe.each(['/.well-known/jwks.json', '/.well-known/openid-configuration', '/status-lists'])('%s', (path) => {
  it('responds to HEAD as to GET, without a body', async () => {
    const [get, head] = await Promise.all(['GET', 'HEAD'].map((method) => fetch(`${endpoint}${path}`, { method })));
    expect(head?.status).toBe(200);
    expect(await head?.text()).toBe('');
    for (const name of ['content-type', 'cache-control']) expect(head?.headers.get(name)).toBe(get?.headers.get(name));
  });

  it('may be read by scripts of other origins', async () => {
    const response = await fetch(`${endpoint}${path}`, { headers: { origin: 'https://orders.example.com' } });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });
});

it('a status list at another time does not exist', async () => {
  expect((await fetch(`${endpoint}/status-lists/1?time=1700000000`)).status).toBe(501);
});
