import { readBySchema } from 'tokenrelay/config/schema-faults.ts';
import { requestOf } from 'tokenrelay/sources/http/request.ts';
import { httpSourceSettings } from 'tokenrelay/sources/http/settings.ts';
import { describe, expect, it } from 'vitest';

const url = 'https://api.example.com/login';
const password = { secret: { env: 'PASSWORD' } };
const tools = { secret: async () => 's3cret & more' };
const request = (settings: object) => requestOf(httpSourceSettings.parse({ url, ...settings }), tools);

describe('the request of an http source', () => {
  it('is a GET that accepts JSON', async () => {
    expect(await request({})).toEqual({ method: 'GET', url, headers: { accept: 'application/json' } });
    expect(await request({ method: 'POST' })).toMatchObject({ method: 'POST' });
  });

  it('has its secrets in headers, after their prefixes', async () => {
    const headers = { Authorization: { prefix: 'Bearer ', ...password }, Accept: 'application/vnd.x+json' };
    expect(await request({ headers })).toMatchObject({
      headers: { authorization: 'Bearer s3cret & more', accept: 'application/vnd.x+json' },
    });
  });

  it('can read its secrets from files', async () => {
    const read: unknown[] = [];
    const settings = httpSourceSettings.parse({ url, form: { password: { secret_path: '/run/secrets/one' } } });
    const secret = async (reference: unknown) => `${read.push(reference)}`;
    expect(await requestOf(settings, { secret })).toMatchObject({ body: 'password=1' });
    expect(read).toEqual([{ file: '/run/secrets/one' }]);
  });

  it('has a JSON object or a form as its body', async () => {
    expect(await request({ json: { user: 'u', remember: true, days: 3, password } })).toEqual({
      method: 'POST',
      url,
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: '{"user":"u","remember":true,"days":3,"password":"s3cret & more"}',
    });
    expect(await request({ form: { user: 'ü', password }, headers: { 'Content-Type': 'text/x' } })).toEqual({
      method: 'POST',
      url,
      headers: { accept: 'application/json', 'content-type': 'text/x' },
      body: 'user=%C3%BC&password=s3cret+%26+more',
    });
  });
});

describe('the settings of an http source', () => {
  it('allow an explicit inline secret, and names that only resemble a secret', () => {
    const headers = { Authorization: { secret: { insecure_inline: 'abc' } }, 'X-Token-Type': 'jwt' };
    const { faults } = readBySchema(httpSourceSettings, { url, headers, form: { grant_type: 'password' } });
    expect(faults).toEqual([]);
  });

  it.each([
    [{ json: {}, form: {} }, 'form must not be given with json'],
    [{ method: 'GET', json: {} }, 'method must be POST'],
    [{ token_pointer: '/a', values: { a: '/a' } }, 'token_pointer must not be given with values'],
    [{ expires_in_pointer: '/a', expires_at_pointer: '/b' }, 'expires_at_pointer must not be given with'],
    [{ token_pointer: 'token' }, 'token_pointer must be a JSON Pointer'],
    [{ values: {} }, 'values must contain a value'],
    [{ headers: { Host: 'other' } }, 'headers.Host must be the name of a header that the HTTP client does not set'],
    [{ headers: { 'transfer-encoding': 'chunked' } }, 'headers.transfer-encoding must be the name'],
    [{ headers: { 'a b': 'x' } }, 'headers.a b must be the name of a header'],
    [{ headers: { A: 5 } }, 'headers.A must be a text, or { secret_path }'],
    [{ headers: { A: { prefix: 'Bearer ' } } }, 'headers.A must have secret_path'],
    [{ form: { a: { secret_path: '/a', secret: { env: 'A' } } } }, 'form.a must have secret_path'],
    [{ headers: { Authorization: 'Bearer abc' } }, 'headers.Authorization must not be written here, since its name is'],
    [{ headers: { 'X-Api-Key': 'abc' } }, 'headers.X-Api-Key must not be written here'],
    [{ form: { client_secret: 'abc' } }, 'form.client_secret must not be written here'],
    [{ json: { password: 'abc' } }, 'json.password must not be written here'],
    [{ url: 'http://api.example.com/' }, 'url must be an https URL'],
  ])('are not %j', (settings, fault) => {
    const { faults } = readBySchema(httpSourceSettings, { url, ...settings });
    expect(JSON.stringify(faults)).not.toContain('abc');
    expect(faults.map(({ path, problem }) => `${path.join('.')} ${problem}`).join('\n')).toContain(fault);
  });
});
