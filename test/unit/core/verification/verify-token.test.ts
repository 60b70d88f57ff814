import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { verifyToken } from '@tvm/core/verification/verify-token.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { asking, from, ISSUER, inMemoryService, rules } from '#test/fakes/in-memory-service.ts';

let token: string;
let jwks: Awaited<ReturnType<Awaited<ReturnType<typeof inMemoryService>>['keys']['jwks']>>;
beforeAll(async () => {
  const tvm = await inMemoryService();
  const outcome = await issueToken(asking(), from, rules, tvm);
  if (outcome.kind !== 'issued') throw new Error(outcome.kind);
  token = outcome.token;
  jwks = await tvm.keys.jwks();
});

/** Replaces the last character of a token with one that decodes to the same bytes. */
function withSpareBits(text: string): string {
  const bytes = Buffer.from(text.split('.')[2] ?? '', 'base64url');
  const other = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
    .map((last) => text.slice(0, -1) + last)
    .find((one) => one !== text && Buffer.from(one.split('.')[2] ?? '', 'base64url').equals(bytes));
  if (other === undefined) throw new Error('the signature has no spare bits');
  return other;
}

describe('a token has one valid encoding', () => {
  it('is verified as issued', async () => {
    expect(await verifyToken(token, jwks, ISSUER)).toMatchObject({ iss: ISSUER });
  });

  it.each<[string, (token: string) => string]>([
    ['padding', (token) => `${token}==`],
    ['spare bits set', withSpareBits],
    ['white space before it', (token) => ` ${token}`],
    ['a line break after it', (token) => `${token}\n`],
    ['a character that decoders skip', (token) => token.replace('.', '*.')],
    ['base64 rather than base64url', (token) => `${token.slice(0, -2)}+/`],
    ['a fourth part', (token) => `${token}.`],
  ])('is not verified with %s', async (_, change) => {
    expect(await verifyToken(change(token), jwks, ISSUER)).toBeUndefined();
  });
});

it.each(['', 'é✓', 'a\u0000b', '.', '..', 'a'.repeat(9_000), 'e30.e30.'])('%j is not a token', async (text) => {
  expect(await verifyToken(text, jwks, ISSUER)).toBeUndefined();
});

it.each<[string, object]>([
  ['is of another type', { kty: 'oct', k: 'c2VjcmV0' }],
  ['lacks a coordinate', { y: undefined }],
  ['is not on the curve', { x: 'AAAA', y: 'AAAA' }],
])('a token is not verified, and no error is thrown, if its key %s', async (_, change) => {
  const [key] = jwks.keys;
  const unusable = { keys: [JSON.parse(JSON.stringify({ ...key, ...change }))] };
  expect(await verifyToken(token, unusable, ISSUER)).toBeUndefined();
});
