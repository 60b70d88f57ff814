import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, sendBytes } from './ask.ts';
import { Endpoints } from './open-endpoints.ts';

describe('what every endpoint refuses', () => {
  let endpoints: Endpoints;
  let address: string;
  let socket: string;
  beforeAll(async () => {
    endpoints = await Endpoints.create();
    address = await endpoints.start({ protocol: 'monitoring', listen: '127.0.0.1:0' });
    socket = await endpoints.start({ protocol: 'tokens', listen: { unix: endpoints.file('tokens.sock') } });
  });
  afterAll(() => endpoints.close());

  it.each(['127.0.0.1:9797', '127.1.2.3', 'localhost', 'LOCALHOST:80', '[::1]:1'])('accepts Host: %s', async (host) => {
    expect((await ask(address, '/healthz', { headers: { host } })).status).toBe(200);
  });

  it.each([
    'rebound.example:9797',
    '127.0.0.1.rebound.example',
    'localhost.',
    'x.localhost',
    'localhost@rebound.example',
    '169.254.169.254',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '',
  ])('refuses a Host that is not loopback: %j', async (host) => {
    const { status, json } = await ask(address, '/healthz', { headers: { host } });
    expect(status).toBe(421);
    expect(json).toEqual({ error: 'misdirected_request', error_description: 'Host must be a loopback name' });
  });

  it('refuses a request with two hosts, one of which is loopback', async () => {
    const text = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: rebound.example\r\nConnection: close\r\n\r\n';
    expect(await sendBytes(address, text)).toMatch(/^HTTP\/1\.1 4(00|21) /);
  });

  it('refuses a request without a host', async () => {
    expect(await sendBytes(address, 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await sendBytes(address, 'GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 421 /);
  });

  it.each([
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Real-IP',
    'Forwarded',
    'Via',
  ])('refuses a request from a proxy with the header %s, over TCP and over a Unix socket', async (name) => {
    for (const place of [address, socket]) {
      const { status, json } = await ask(place, '/healthz', { headers: { [name]: '127.0.0.1' } });
      expect(status).toBe(403);
      expect(json).toMatchObject({ error: 'forwarded' });
    }
  });

  it.each([
    ['Origin', 'http://127.0.0.1:9797'],
    ['Origin', 'null'],
    ['Sec-Fetch-Site', 'none'],
    ['Sec-Fetch-Dest', 'document'],
    ['Sec-Fetch-User', '?1'],
  ])('refuses a request from a browser with the header %s: %s', async (name, value) => {
    const { status, json } = await ask(address, '/healthz', { headers: { [name]: value } });
    expect(status).toBe(403);
    expect(json).toMatchObject({ error: 'from_browser' });
  });

  it('accepts Node’s fetch, which sends Sec-Fetch-Mode', async () => {
    const response = await fetch(`${address}/healthz`);
    expect(await response.json()).toEqual({ status: 'ok' });
  });

  it.each([
    ['a length', 'Content-Length: 5\r\n\r\nhello'],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
  ])('refuses a body with %s, and does not read a second request after it', async (_, rest) => {
    const request = `GET /healthz HTTP/1.1\r\nHost: localhost\r\n${rest}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const answer = await sendBytes(address, request);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  it.each([
    ['Host: rebound.example', 421],
    ['Host: localhost\r\nX-Forwarded-For: 10.0.0.1', 403],
    ['Host: localhost\r\nOrigin: https://rebound.example', 403],
  ])('reads nothing after a refused request: %j', async (headers, status) => {
    const second = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const answer = await sendBytes(address, `GET / HTTP/1.1\r\n${headers}\r\n\r\n${second}`);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
  });

  it.each([
    ['a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello'],
    ['a space before a colon', 'Content-Length : 5\r\n\r\nhello'],
    ['a folded header', 'X-A: 1\r\n X-Forwarded-For: 2\r\n\r\n'],
    ['a bare line feed', 'X-A: 1\nX-B: 2\r\n\r\n'],
  ])('refuses a request that parsers may interpret differently: %s', async (_, rest) => {
    const answer = await sendBytes(address, `GET /healthz HTTP/1.1\r\nHost: localhost\r\n${rest}`);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).not.toContain('"ok"');
  });

  it('responds with an error to an absolute URL and to a missing path', async () => {
    for (const target of ['http://localhost/healthz', '*']) {
      const method = target === '*' ? 'OPTIONS' : 'GET';
      const answer = await sendBytes(
        address,
        `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect(await sendBytes(address, 'CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n')).toBe('');
  });

  it('sends no version and forbids caching', async () => {
    const { headers } = await ask(address, '/healthz');
    expect(headers).toMatchObject({ server: 'tokenrelay', 'cache-control': 'no-store' });
    expect((await ask(address, '/nothing')).headers).toMatchObject({
      server: 'tokenrelay',
      'cache-control': 'no-store',
    });
  });

  it('logs refused requests at most once a second, without their content', async () => {
    await Promise.all([1, 2, 3].map(() => ask(address, '/healthz', { headers: { host: 'secret.example' } })));
    const warnings = endpoints.logged.filter(({ level }) => level === 'warn');
    expect(warnings.length).toBeGreaterThan(0);
    expect(endpoints.logged.filter(({ level }) => level === 'debug').length).toBeGreaterThan(warnings.length);
    expect(JSON.stringify(endpoints.logged)).not.toContain('secret.example');
  });
});
