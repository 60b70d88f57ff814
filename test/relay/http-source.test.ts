import { secretReader } from 'tokenrelay/config/secrets.ts';
import { type Source, SourceFailure } from 'tokenrelay/model/source.ts';
import { http } from 'tokenrelay/sources/http.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { httpListener } from '../support/http-listener.ts';
import { lookUp, lookUpAsBefore } from './support/looked-up.ts';
import { sourceTools, stoppedClock } from './support/source-tools.ts';

const NOW = 1_800_000_000_000;
const never = new AbortController().signal;
type Settings = Omit<z.input<typeof http.settings>, 'url'> & { url?: string };

let listener: Awaited<ReturnType<typeof httpListener>>;
let answer: { status?: number; headers?: Record<string, string>; body: unknown };
const sources: Source[] = [];
beforeAll(async () => {
  listener = await httpListener((_, response) => {
    const { status = 200, headers = { 'content-type': 'application/json' }, body } = answer;
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
});
beforeEach(() => {
  listener.heard.length = 0;
});
afterEach(async () => {
  lookUpAsBefore();
  for (const source of sources.splice(0)) await source.close?.();
});
afterAll(() => listener.close());

async function fetched(settings: Settings) {
  const secret = secretReader({ KEY: 's3cret' }, { current: () => undefined });
  const tools = { ...sourceTools(stoppedClock(NOW)), secret };
  const source = http.create(http.settings.parse({ url: `${listener.url}/login?x=1`, ...settings }), tools);
  sources.push(source);
  return await source.fetch(undefined, never);
}

async function failure(settings: Settings): Promise<SourceFailure> {
  const error: unknown = await fetched(settings).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SourceFailure);
  expect(`${error} ${(error as Error).cause}`).not.toMatch(/s3cret|t0ken/);
  return error as SourceFailure;
}

describe('a JSON API', () => {
  it('gets the configured request, and its token is at the configured location', async () => {
    answer = { body: { data: [{ 'access/token': 't0ken' }], expires_in: 60 } };
    const settings = { token_pointer: '/data/0/access~1token', expires_in_pointer: '/expires_in' };
    const secret = { env: 'KEY' };
    const token = await fetched({ ...settings, headers: { 'X-Api-Key': { secret } }, json: { key: { secret } } });
    expect(token).toEqual({ values: { token: 't0ken' }, fetchedAt: NOW, expiresAt: NOW + 60_000 });
    expect(listener.heard).toMatchObject([
      { method: 'POST', path: '/login?x=1', headers: { 'x-api-key': 's3cret' }, body: '{"key":"s3cret"}' },
    ]);
  });

  it('may return several values, also numbers', async () => {
    answer = { body: { user: 'u', port: 5432, until: '2027-01-15T09:00:00Z' } };
    expect(await fetched({ values: { user: '/user', port: '/port' }, expires_at_pointer: '/until' })).toEqual({
      values: { user: 'u', port: '5432' },
      fetchedAt: NOW,
      expiresAt: Date.UTC(2027, 0, 15, 9),
    });
  });

  it('may return values of any kind, with their exact text, and null for no value', async () => {
    const body =
      '{"empty":"","big":12345678901234567890,"on":true,"list":[1.50],"object":{"a":null},"none":null,"left":60.0}';
    answer = { body };
    const names = ['empty', 'big', 'on', 'list', 'object', 'none'];
    const values = Object.fromEntries(names.map((name) => [name, `/${name}`]));
    expect(await fetched({ values, expires_in_pointer: '/left' })).toEqual({
      values: { empty: '', big: '12345678901234567890', on: 'true', list: '[1.50]', object: '{"a":null}' },
      fetchedAt: NOW,
      expiresAt: NOW + 60_000,
    });
  });

  it('may begin with a byte order mark', async () => {
    answer = { body: '\ufeff{"token":"t0ken"}' };
    expect((await fetched({})).values).toEqual({ token: 't0ken' });
  });

  it('returns a token that expires with its JWT, or has no expiry', async () => {
    const token = `e30.${Buffer.from('{"exp":1800000060}').toString('base64url')}.c2ln`;
    answer = { body: { token } };
    expect(await fetched({})).toMatchObject({ values: { token }, expiresAt: NOW + 60_000 });
    answer = { body: { token: 't0ken' } };
    expect(await fetched({})).toEqual({ values: { token: 't0ken' }, fetchedAt: NOW });
  });

  it.each([
    [{ token: '' }, {}, 'has no text at /token'],
    [{ token: null }, {}, 'has no text at /token'],
    [{ token: { t: 't0ken' } }, {}, 'has no text at /token'],
    [{ other: 't0ken' }, {}, 'has no text at /token'],
    [{ user: 't0ken' }, { values: { user: '/user', pass: '/pass' } }, 'has nothing at /pass'],
    [{ user: null }, { values: { user: '/user' } }, 'has null for every value'],
    [{ token: true }, {}, 'has no text at /token'],
    [{ token: 't0ken\r\nx' }, {}, 'is not one line of printable ASCII'],
    [{ token: 't0ken' }, { expires_in_pointer: '/expires_in' }, 'has no number of seconds at /expires_in'],
    [{ token: 't0ken', at: 'soon' }, { expires_at_pointer: '/at' }, 'has no time at /at'],
    [{ token: 't0ken', at: 1_700_000_000 }, { expires_at_pointer: '/at' }, 'has already expired'],
    ['<html>t0ken</html>', {}, 'answered 200 with application/json, not a JSON object'],
  ])('that returns %j is an error (%j)', async (body, settings, sentence) => {
    answer = { body };
    expect((await failure(settings)).message).toContain(sentence);
  });

  it('is not followed to a redirect, and is retried only after its Retry-After', async () => {
    answer = { status: 302, headers: { location: '/other' }, body: '' };
    expect((await failure({})).message).toContain('answered 302');
    answer = { status: 503, headers: { 'retry-after': '30' }, body: 's3cret' };
    expect((await failure({})).retryAfter).toBe(30_000);
    expect(listener.heard).toHaveLength(2);
  });

  it('is never a metadata server, whatever its URL or name', async () => {
    for (const url of ['https://169.254.169.254/', 'https://[::ffff:a9fe:a9fe]/', 'https://0xa9fea9fe/']) {
      expect((await failure({ url })).message).toContain('was not contacted');
    }
    lookUp({ 'api.example.test': [['169.254.169.254']] });
    expect((await failure({ url: 'https://api.example.test/' })).message).toContain('resolves to 169.254.169.254');
  });
});
