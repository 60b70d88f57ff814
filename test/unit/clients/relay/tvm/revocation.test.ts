import { deflateSync } from 'node:zlib';
import { type Source, SourceFailure } from 'tokenrelay/model/source.ts';
import { tvm } from 'tokenrelay/sources/tvm.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StoppedClock, sourceTools, stoppedClock } from '#test/relay/support/source-tools.ts';
import { httpListener } from '#test/support/http-listener.ts';
import { type ListOf, newKey, type StubService, stubService } from './stub-service.ts';

const { signal } = new AbortController();
const TTL = 60_000;
let clock: StoppedClock;
let service: StubService;
let source: Source;

function anotherSource(): Source {
  const settings = { endpoint: service.url, scope: 'role:reader', region: 'eu-central-1' };
  return tvm.create(tvm.settings.parse(settings), sourceTools(clock));
}

beforeEach(async () => {
  clock = stoppedClock(Date.UTC(2026, 10, 22, 12));
  service = await stubService(clock);
  source = anotherSource();
});
afterEach(async () => {
  await source.close?.();
  await service.close();
});

type Tokens = ReturnType<StubService['token']>;
const check = async (token: Tokens, of: Source = source) => await of.revocation?.(token, signal);
const listRequests = (list = 1) => service.requests(`/status-lists/${list}`);

/** Returns the message of a revocation check that must fail. */
async function failureOf(token: Tokens): Promise<string> {
  const failure = await check(token).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SourceFailure);
  return (failure as SourceFailure).message;
}

describe('the revocation status of a token', () => {
  it('depends on its bit in the list, and on no other bit', async () => {
    await service.publish(1, { marked: [0, 9, 127] });
    const revoked = [];
    for (let index = 0; index < 128; index += 1) {
      if ((await check(service.token(1, index)))?.revoked) revoked.push(index);
    }
    expect(revoked).toEqual([0, 9, 127]);
  });

  it('needs one request for the list within its ttl, for any number of tokens and sources, also concurrently', async () => {
    await service.publish(1);
    const other = anotherSource();
    await Promise.all([check(service.token(1, 1)), check(service.token(1, 2)), check(service.token(1, 3), other)]);
    clock.pass(TTL - 1);
    expect(await check(service.token(1, 4), other)).toEqual({ revoked: false, askAgainIn: 1_000 });
    await other.close?.();
    expect(listRequests()).toHaveLength(1);
    expect(service.keyRequests()).toBe(1);
  });

  it('stays available to a source when another is closed, and is fetched again after all were closed', async () => {
    await service.publish(1);
    const other = anotherSource();
    await check(service.token(1, 1), other);
    await other.close?.();
    await other.close?.();
    await check(service.token(1, 1));
    expect(listRequests()).toHaveLength(1);
    clock.pass(TTL);
    await check(service.token(1, 1));
    await source.close?.();
    source = anotherSource();
    await check(service.token(1, 1));
    expect(listRequests()).toHaveLength(3);
  });

  it('is checked again after the list’s ttl', async () => {
    await service.publish(1);
    expect(await check(service.token(1, 1))).toEqual({ revoked: false, askAgainIn: TTL });
    clock.pass(20_000);
    expect(await check(service.token(1, 1))).toEqual({ revoked: false, askAgainIn: TTL - 20_000 });
  });

  it('is up to date after the ttl, and an unchanged list is not sent again', async () => {
    await service.publish(1);
    await check(service.token(1, 5));
    clock.pass(TTL);
    expect(await check(service.token(1, 5))).toEqual({ revoked: false, askAgainIn: TTL });
    expect(listRequests()[1]?.headers['if-none-match']).toMatch(/^".+"$/);
    await service.publish(1, { marked: [5] });
    clock.pass(TTL);
    expect(await check(service.token(1, 5))).toMatchObject({ revoked: true });
    expect(listRequests()).toHaveLength(3);
  });

  it('is fetched again after the clock was set back, or the machine was suspended', async () => {
    await service.publish(1);
    await check(service.token(1, 5));
    const still = clock.elapsed();
    clock.elapsed = () => still;
    clock.pass(TTL);
    await check(service.token(1, 5));
    clock.pass(-10 * TTL);
    await service.publish(1);
    await check(service.token(1, 5)).catch(() => {});
    expect(listRequests()).toHaveLength(3);
  });

  it('is unknown while TVM is unavailable, and unknown does not mean revoked', async () => {
    await service.publish(1);
    await check(service.token(1, 5));
    clock.pass(TTL);
    service.answer('/status-lists/1', 503, '', { 'retry-after': '3' });
    await expect(check(service.token(1, 5))).rejects.toMatchObject({
      message: `${service.url}/status-lists/1 responded with status 503`,
      retryAfter: 3_000,
    });
    await service.publish(1, { marked: [5] });
    expect(await check(service.token(1, 5))).toMatchObject({ revoked: true });
  });

  it('can be read with a new key of TVM, which is fetched once', async () => {
    await service.publish(1);
    await check(service.token(1, 5));
    clock.pass(TTL);
    service.rotateKey();
    await service.publish(1, { marked: [5] });
    expect(await check(service.token(1, 5))).toMatchObject({ revoked: true });
    expect(service.keyRequests()).toBe(2);
  });
});

describe('a status list is rejected', () => {
  const bomb = deflateSync(Buffer.alloc(2 * 1024 * 1024)).toString('base64url');
  const minutesAgo = (minutes: number) => Date.UTC(2026, 10, 22, 12) / 1_000 - minutes * 60;
  it.each<[string, ListOf]>([
    ['for another URI', { claims: { sub: 'http://127.0.0.1/status-lists/1' } }],
    ['from another issuer', { claims: { iss: 'https://tvm.example.org' } }],
    ['signed with an unknown key', { signedWith: newKey() }],
    ['signed with an unknown key under another key ID', { signedWith: newKey(), kid: 'stranger' }],
    ['with the type of a token', { header: { typ: 'at+jwt' } }],
    ['that has expired', { claims: { iat: minutesAgo(30), exp: minutesAgo(15) } }],
    ['without an expiry', { claims: { exp: undefined } }],
    ['without a ttl', { claims: { ttl: undefined } }],
    ['with more bits for each token', { claims: { status_list: { bits: 2, lst: 'eNpjAAAAAQAB' } } }],
    ['that cannot be decompressed', { claims: { status_list: { bits: 1, lst: 'AAAA' } } }],
    ['that is larger than any list when decompressed', { claims: { status_list: { bits: 1, lst: bomb } } }],
  ])('if it is %s', async (_what, list) => {
    await service.publish(1, { marked: [5], ...list });
    expect(await failureOf(service.token(1, 5))).toMatch(
      /\/status-lists\/1 (did not return a valid status list|is signed with a key that .* does not publish)/,
    );
  });

  it('if it has no signature', async () => {
    await service.publish(1);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    service.answer('/status-lists/1', 200, `${part({ alg: 'none', typ: 'statuslist+jwt' })}.${part({})}.`);
    expect(await failureOf(service.token(1, 5))).toMatch(/valid status list/);
    service.answer('/status-lists/1', 200, '<html>sign in</html>');
    expect(await failureOf(service.token(1, 5))).toMatch(/valid status list/);
  });

  it('if it is older than the previous one, because it hides later revocations', async () => {
    await service.publish(1, { marked: [5] });
    await check(service.token(1, 6));
    clock.pass(TTL);
    await service.publish(1, { claims: { iat: minutesAgo(1) } });
    expect(await failureOf(service.token(1, 5))).toMatch(/returned an older status list/);
  });

  it('if it has expired, even if it has not changed', async () => {
    await service.publish(1);
    await check(service.token(1, 5));
    // Includes the tolerated clock skew.
    clock.pass(905_000);
    expect(await failureOf(service.token(1, 5))).toMatch(/valid status list \(ERR_JWT_EXPIRED\)$/);
    service.answer('/status-lists/1', 304, '');
    expect(await failureOf(service.token(1, 5))).toMatch(/responded with status 304$/);
  });

  it('if it does not contain the token’s index', async () => {
    await service.publish(1);
    expect(await failureOf(service.token(1, 128))).toMatch(/has no index 128$/);
  });
});

describe('the status list in a token', () => {
  it('is requested only from the configured TVM', async () => {
    const stranger = await httpListener((_, response) => void response.end());
    try {
      const elsewhere = `${stranger.url}/status-lists/1`;
      const status = { status_list: { uri: elsewhere, idx: 1 } };
      expect(await failureOf(service.token(1, 1, { status }))).toMatch(/of another issuer/);
      // Even if the token names the same other issuer, the list is requested from TVM, which does not have it.
      expect(await failureOf(service.token(1, 1, { iss: stranger.url, status }))).toContain(service.url);
      expect(stranger.heard).toEqual([]);
    } finally {
      await stranger.close();
    }
  });

  it.each([
    '/../token',
    '/1/../../introspect',
    '/0',
    '/x',
    '/1?a=b',
    '',
  ])('must have the path of a list: %j', async (path) => {
    const status = { status_list: { uri: `${service.url}/status-lists${path}`, idx: 1 } };
    expect(await failureOf(service.token(1, 1, { status }))).toMatch(/of another issuer/);
  });

  it.each(['', 'not a token', 'e30.e30.e30'])('must be present: %j', async (token) => {
    expect(await failureOf({ values: { token }, fetchedAt: 0 })).toMatch(/does not refer to a status list$/);
  });
});
