import { deflateSync } from 'node:zlib';
import { type Source, SourceFailure } from 'tokenrelay/model/source.ts';
import { tvm } from 'tokenrelay/sources/tvm.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StoppedClock, sourceTools, stoppedClock } from '#test/relay/support/source-tools.ts';
import { httpListener } from '#test/support/http-listener.ts';
import { type ListOf, newKey, type StubMachine, stubMachine } from './stub-machine.ts';

const { signal } = new AbortController();
const TTL = 60_000;
let clock: StoppedClock;
let machine: StubMachine;
let source: Source;

function anotherSource(): Source {
  const asked = { endpoint: machine.url, scope: 'role:reader', region: 'eu-central-1' };
  return tvm.create(tvm.settings.parse(asked), sourceTools(clock));
}

beforeEach(async () => {
  clock = stoppedClock(Date.UTC(2026, 10, 22, 12));
  machine = await stubMachine(clock);
  source = anotherSource();
});
afterEach(async () => {
  await source.close?.();
  await machine.close();
});

type Tokens = ReturnType<StubMachine['token']>;
const look = async (token: Tokens, of: Source = source) => await of.revocation?.(token, signal);
const listsAsked = (list = 1) => machine.asked(`/status-lists/${list}`);

/** Why nobody knows. */
async function failureOf(token: Tokens): Promise<string> {
  const failure = await look(token).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SourceFailure);
  return (failure as SourceFailure).message;
}

describe('whether a token was revoked', () => {
  it('is told by its bit, and by no other', async () => {
    await machine.publish(1, { marked: [0, 9, 127] });
    const revoked = [];
    for (let index = 0; index < 128; index += 1) {
      if ((await look(machine.token(1, index)))?.revoked) revoked.push(index);
    }
    expect(revoked).toEqual([0, 9, 127]);
  });

  it('is asked once within the list’s ttl, for however many tokens and sources, and at the same time', async () => {
    await machine.publish(1);
    const other = anotherSource();
    await Promise.all([look(machine.token(1, 1)), look(machine.token(1, 2)), look(machine.token(1, 3), other)]);
    clock.pass(TTL - 1);
    expect(await look(machine.token(1, 4), other)).toEqual({ revoked: false, askAgainIn: 1_000 });
    await other.close?.();
    expect(listsAsked()).toHaveLength(1);
    expect(machine.keysAsked()).toBe(1);
  });

  it('is still told to one source when another is closed, and is asked again when all were', async () => {
    await machine.publish(1);
    const other = anotherSource();
    await look(machine.token(1, 1), other);
    await other.close?.();
    await other.close?.();
    await look(machine.token(1, 1));
    expect(listsAsked()).toHaveLength(1);
    clock.pass(TTL);
    await look(machine.token(1, 1));
    await source.close?.();
    source = anotherSource();
    await look(machine.token(1, 1));
    expect(listsAsked()).toHaveLength(3);
  });

  it('is to be asked again when the list’s ttl is over', async () => {
    await machine.publish(1);
    expect(await look(machine.token(1, 1))).toEqual({ revoked: false, askAgainIn: TTL });
    clock.pass(20_000);
    expect(await look(machine.token(1, 1))).toEqual({ revoked: false, askAgainIn: TTL - 20_000 });
  });

  it('is seen after the ttl, and a list that has not changed is not sent again', async () => {
    await machine.publish(1);
    await look(machine.token(1, 5));
    clock.pass(TTL);
    expect(await look(machine.token(1, 5))).toEqual({ revoked: false, askAgainIn: TTL });
    expect(listsAsked()[1]?.headers['if-none-match']).toMatch(/^".+"$/);
    await machine.publish(1, { marked: [5] });
    clock.pass(TTL);
    expect(await look(machine.token(1, 5))).toMatchObject({ revoked: true });
    expect(listsAsked()).toHaveLength(3);
  });

  it('is asked again after the clock was set back, or the machine slept', async () => {
    await machine.publish(1);
    await look(machine.token(1, 5));
    const still = clock.elapsed();
    clock.elapsed = () => still;
    clock.pass(TTL);
    await look(machine.token(1, 5));
    clock.pass(-10 * TTL);
    await machine.publish(1);
    await look(machine.token(1, 5)).catch(() => {});
    expect(listsAsked()).toHaveLength(3);
  });

  it('is not known while the machine is away, and what is not known is not revoked', async () => {
    await machine.publish(1);
    await look(machine.token(1, 5));
    clock.pass(TTL);
    machine.answer('/status-lists/1', 503, '', { 'retry-after': '3' });
    await expect(look(machine.token(1, 5))).rejects.toMatchObject({
      message: `${machine.url}/status-lists/1 responded with status 503`,
      retryAfter: 3_000,
    });
    await machine.publish(1, { marked: [5] });
    expect(await look(machine.token(1, 5))).toMatchObject({ revoked: true });
  });

  it('is seen with a new key of the machine, which is fetched once', async () => {
    await machine.publish(1);
    await look(machine.token(1, 5));
    clock.pass(TTL);
    machine.rotateKey();
    await machine.publish(1, { marked: [5] });
    expect(await look(machine.token(1, 5))).toMatchObject({ revoked: true });
    expect(machine.keysAsked()).toBe(2);
  });
});

describe('a status list that is not believed', () => {
  const bomb = deflateSync(Buffer.alloc(2 * 1024 * 1024)).toString('base64url');
  const minutesAgo = (minutes: number) => Date.UTC(2026, 10, 22, 12) / 1_000 - minutes * 60;
  it.each<[string, ListOf]>([
    ['of another place', { claims: { sub: 'http://127.0.0.1/status-lists/1' } }],
    ['of another issuer', { claims: { iss: 'https://tvm.example.org' } }],
    ['signed by a stranger', { signedWith: newKey() }],
    ['signed by a stranger under another name', { signedWith: newKey(), kid: 'stranger' }],
    ['that is no list but a token', { header: { typ: 'at+jwt' } }],
    ['that has ended', { claims: { iat: minutesAgo(30), exp: minutesAgo(15) } }],
    ['without an end', { claims: { exp: undefined } }],
    ['without a ttl', { claims: { ttl: undefined } }],
    ['with more bits for each token', { claims: { status_list: { bits: 2, lst: 'eNpjAAAAAQAB' } } }],
    ['that does not inflate', { claims: { status_list: { bits: 1, lst: 'AAAA' } } }],
    ['that inflates to more than any list has', { claims: { status_list: { bits: 1, lst: bomb } } }],
  ])('is one %s', async (_what, list) => {
    await machine.publish(1, { marked: [5], ...list });
    expect(await failureOf(machine.token(1, 5))).toMatch(
      /\/status-lists\/1 (did not return a valid status list|is signed with a key that .* does not publish)/,
    );
  });

  it('is one without a signature', async () => {
    await machine.publish(1);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    machine.answer('/status-lists/1', 200, `${part({ alg: 'none', typ: 'statuslist+jwt' })}.${part({})}.`);
    expect(await failureOf(machine.token(1, 5))).toMatch(/valid status list/);
    machine.answer('/status-lists/1', 200, '<html>sign in</html>');
    expect(await failureOf(machine.token(1, 5))).toMatch(/valid status list/);
  });

  it('is an older one than the one before: it hides what was revoked since', async () => {
    await machine.publish(1, { marked: [5] });
    await look(machine.token(1, 6));
    clock.pass(TTL);
    await machine.publish(1, { claims: { iat: minutesAgo(1) } });
    expect(await failureOf(machine.token(1, 5))).toMatch(/returned an older status list/);
  });

  it('is one that has ended, even if it has not changed', async () => {
    await machine.publish(1);
    await look(machine.token(1, 5));
    // With what a clock may differ by.
    clock.pass(905_000);
    expect(await failureOf(machine.token(1, 5))).toMatch(/valid status list \(ERR_JWT_EXPIRED\)$/);
    machine.answer('/status-lists/1', 304, '');
    expect(await failureOf(machine.token(1, 5))).toMatch(/responded with status 304$/);
  });

  it('is one without the token’s place', async () => {
    await machine.publish(1);
    expect(await failureOf(machine.token(1, 128))).toMatch(/has no index 128$/);
  });
});

describe('the place that a token names', () => {
  it('is never asked for elsewhere than at the machine that is configured', async () => {
    const stranger = await httpListener((_, response) => void response.end());
    try {
      const elsewhere = `${stranger.url}/status-lists/1`;
      const status = { status_list: { uri: elsewhere, idx: 1 } };
      expect(await failureOf(machine.token(1, 1, { status }))).toMatch(/of another issuer/);
      // With an issuer of its own it is asked for at the machine, which knows no such list.
      expect(await failureOf(machine.token(1, 1, { iss: stranger.url, status }))).toContain(machine.url);
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
  ])('is a list’s and nothing else: %j', async (path) => {
    const status = { status_list: { uri: `${machine.url}/status-lists${path}`, idx: 1 } };
    expect(await failureOf(machine.token(1, 1, { status }))).toMatch(/of another issuer/);
  });

  it.each(['', 'not a token', 'e30.e30.e30'])('must be there: %j', async (token) => {
    expect(await failureOf({ values: { token }, fetchedAt: 0 })).toMatch(/does not refer to a status list$/);
  });
});
