import { createHmac } from 'node:crypto';
import { CLOCK_SKEW } from '@tvm/core/federation/evaluate-proof.ts';
import { PROOF_ALGORITHMS, type ProofAlgorithm, type PublicJwk } from '@tvm/core/federation/trust-entry.ts';
import { entryFor, type ProofOutcome, verifyProof } from '@tvm/core/federation/verify-proof.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { issuerKey, keysOf, NOW, readTrust, SERVICE, signedProof, trustEntry } from '#test/support/proofs.ts';

const key = issuerKey('RS256');
const ISSUER = 'https://idp.example.com';
const idp = trustEntry(`idp:
  oidc:
    issuer: ${ISSUER}
    algorithms: [${PROOF_ALGORITHMS.join(', ')}]
    require: { env: { name: [prod, "stage-*"] } }
    claims: [team]
`);
const HEADER = { alg: 'RS256', kid: 'key-1', typ: 'JWT' };
const CLAIMS = {
  iss: ISSUER,
  sub: 'user-1',
  aud: SERVICE,
  exp: NOW + 300,
  nbf: NOW - 1,
  iat: NOW - 1,
  jti: 'one',
  env: { name: 'prod' },
  team: 'orders',
};

const context = { ...idp, service: SERVICE, now: NOW * 1000 };
const verify = (proof: string, more: object = {}, keys = keysOf(key)): Promise<ProofOutcome> =>
  verifyProof(proof, { ...context, ...more }, keys);
const signed = (claims: object = {}, header: object = {}) =>
  signedProof({ ...HEADER, ...header }, { ...CLAIMS, ...claims }, key);

/** Returns the failing check of a refused proof, and what its sender learns. */
async function refusal(outcome: Promise<ProofOutcome>) {
  const result = await outcome;
  if (result.ok) throw new Error('the proof was accepted');
  const { claim, expected, found } = result.failed;
  return { claim, expected, found, signed: result.signatureVerified, outsider: result.outsider };
}

describe('verifyProof', () => {
  it('returns the caller and the proof', async () => {
    expect(await verify(signed())).toMatchObject({
      ok: true,
      caller: { kind: 'federated', subject: 'idp:user-1', trust: 'idp', claims: { team: 'orders' } },
      proof: { digest: expect.stringMatching(/^[0-9a-f]{64}$/), jti: 'one', expiresAt: NOW + 300 },
    });
  });

  it.each(PROOF_ALGORITHMS)('verifies %s', async (algorithm) => {
    const own = issuerKey(algorithm);
    const proof = signedProof({ ...HEADER, alg: algorithm }, CLAIMS, own);
    expect((await verify(proof, {}, keysOf(own))).ok).toBe(true);
    const [header, payload, signature = ''] = proof.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    bytes[7] = (bytes[7] ?? 0) ^ 1;
    const changed = `${header}.${payload}.${bytes.toString('base64url')}`;
    expect(await refusal(verify(changed, {}, keysOf(own)))).toMatchObject({ claim: 'signature', signed: false });
  });

  it('accepts one of several audiences', async () => {
    expect((await verify(signed({ aud: ['other', SERVICE] }))).ok).toBe(true);
  });

  it('accepts a list that contains a required value', async () => {
    expect((await verify(signed({ env: { name: ['test', 'stage-2'] } }))).ok).toBe(true);
  });

  it.each([
    ['expired', { exp: NOW - CLOCK_SKEW }, 'exp', /^the proof has expired or is too old: request a new one$/],
    ['without expiry', { exp: undefined }, 'exp', /^the proof was not accepted$/],
    ['with a text as expiry', { exp: `${NOW + 300}` }, 'exp', /not accepted/],
    ['not yet valid', { nbf: NOW + CLOCK_SKEW + 1 }, 'nbf', /not accepted/],
    ['issued in the future', { iat: NOW + CLOCK_SKEW + 1 }, 'iat', /not accepted/],
    ['too old', { iat: NOW - 3_600 - CLOCK_SKEW - 1 }, 'iat', /too old/],
    ['long valid without iat', { iat: undefined, exp: NOW + 3_600 + CLOCK_SKEW + 1 }, 'exp', /not accepted/],
    ['for another audience', { aud: 'https://other.example' }, 'aud', /another audience: request it for https:\/\/tvm/],
    ['for a longer audience', { aud: `${SERVICE}/` }, 'aud', /another audience/],
    ['without audience', { aud: undefined }, 'aud', /another audience/],
    ['of another issuer', { iss: `${ISSUER}/` }, 'iss', /not accepted/],
    ['without issuer', { iss: undefined }, 'iss', /not accepted/],
    ['without a required claim', { env: {} }, 'env.name', /not accepted/],
    ['with another value', { env: { name: 'test' } }, 'env.name', /not accepted/],
    ['with a value that only begins alike', { env: { name: 'production' } }, 'env.name', /not accepted/],
    ['with a required claim of another type', { env: 'prod' }, 'env.name', /not accepted/],
    ['without a subject', { sub: undefined }, 'sub', /not accepted/],
    ['with an empty subject', { sub: '' }, 'sub', /not accepted/],
    ['with a long subject', { sub: 'x'.repeat(600) }, 'mapped subject', /not accepted/],
    ['with a kept claim that is too long', { team: 'x'.repeat(300) }, 'team', /not accepted/],
    ['with a kept claim that is an object', { team: {} }, 'team', /not accepted/],
    ['with a jti that is no text', { jti: 7 }, 'jti', /not accepted/],
  ])('refuses a proof that is %s', async (_what, claims, claim, outsider) => {
    expect(await refusal(verify(signed(claims)))).toMatchObject({
      claim,
      signed: true,
      outsider: expect.stringMatching(outsider),
    });
  });

  it('accepts times within the clock skew', async () => {
    expect((await verify(signed({ exp: NOW - CLOCK_SKEW + 1, nbf: NOW + CLOCK_SKEW, iat: NOW + CLOCK_SKEW }))).ok).toBe(
      true,
    );
  });

  it('names the first claim that failed, and evaluates all', async () => {
    const result = await verify(signed({ exp: NOW - 100, env: { name: 'test' }, aud: 'x' }));
    if (result.ok) throw new Error('the proof was accepted');
    expect(result.failed.claim).toBe('aud');
    expect(result.checks.map(({ claim, ok }) => `${ok ? '+' : '-'}${claim}`)).toEqual([
      '+alg',
      '+typ',
      '+iss',
      '-aud',
      '+jti',
      '-exp',
      '+nbf',
      '+iat',
      '+iat',
      '-env.name',
      '+mapped subject',
    ]);
    expect(result.checks.find(({ claim }) => claim === 'env.name')).toEqual({
      claim: 'env.name',
      expected: '"prod" or "stage-*"',
      found: '"test"',
      ok: false,
    });
  });

  it('tells an outsider nothing of an audience that is not public', async () => {
    const entry = { ...idp.entry, audience: 'internal-name' };
    expect((await refusal(verify(signed(), { entry }))).outsider).toBe('the proof is for another audience');
  });

  it('reports keys that cannot be had as a fault, not as a refusal', async () => {
    const away = { keysOf: () => Promise.reject(new DependencyFault('keys of idp', new Error('timeout'))) };
    await expect(verify(signed(), {}, away)).rejects.toThrow(DependencyFault);
  });

  it('uses the key set of a file without asking for keys', async () => {
    const entry = { ...idp.entry, keys: { from: 'file' as const, file: 'idp.jwks.json', keys: [key.jwk] } };
    const none = { keysOf: () => Promise.reject(new Error('asked')) };
    expect((await verify(signed(), { entry }, none)).ok).toBe(true);
  });

  it('records the claims that the caller chose apart, and the instance', async () => {
    const { name, entry } = trustEntry(`ci:
  preset: aws-web-identity
  issuer: https://a1.tokens.sts.global.api.aws
  claims: { account: ["https://sts.amazonaws.com/", aws_account], tags: ["https://sts.amazonaws.com/", request_tags] }
`);
    const aws = { aws_account: '111122223333', request_tags: { team: 'x' } };
    const claims = { iss: entry.issuer, sub: 'arn:aws:iam::111122223333:role/ci', 'https://sts.amazonaws.com/': aws };
    const outcome = await verify(signed(claims), { name, entry });
    expect(outcome).toMatchObject({
      caller: {
        subject: 'ci:arn:aws:iam::111122223333:role/ci',
        claims: { account: '111122223333' },
        chosenClaims: { tags: '{"team":"x"}' },
      },
    });
  });

  it('gives one digest to a message with two signatures', async () => {
    const own = issuerKey('ES256');
    const proofs = [1, 2].map(() => signedProof({ ...HEADER, alg: 'ES256' }, CLAIMS, own));
    expect(proofs[0]).not.toBe(proofs[1]);
    const digests = await Promise.all(
      proofs.map(async (proof) => {
        const outcome = await verify(proof, {}, keysOf(own));
        return outcome.ok && outcome.proof.digest;
      }),
    );
    expect(digests[0]).toBe(digests[1]);
  });

  it('never shows a proof, and only short printable texts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.constantFrom('aud', 'sub', 'exp', 'team', 'env', 'jti'), fc.anything()),
        async (claims) => {
          let proof: string;
          try {
            proof = signed(claims);
          } catch {
            // JSON has no such value.
            return;
          }
          const outcome = await verify(proof);
          for (const { claim, expected, found } of outcome.checks) {
            for (const text of [claim, expected, found]) {
              expect(text.length).toBeLessThanOrEqual(160);
              expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
              for (const part of proof.split('.')) expect(text).not.toContain(part);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([0, 1])('shortens a text after %i letters never within a character', async (letters) => {
    const text = `${'x'.repeat(letters)}${'😀'.repeat(100)}`;
    for (const claims of [{ env: { name: text } }, { env: { name: { nested: text } } }, { jti: { text } }]) {
      const { found } = await refusal(verify(signed(claims)));
      expect(found).toMatch(/😀…$/u);
    }
  });

  it.each(PROOF_ALGORITHMS)('refuses %s signatures of any length without an exception', async (algorithm) => {
    const own = issuerKey(algorithm);
    const [header, payload, signature = ''] = signedProof({ ...HEADER, alg: algorithm }, CLAIMS, own).split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const others = [
      ...[1, 63, 64, 65, 96, 132, 256, 512]
        .filter((size) => size !== bytes.length)
        .map((size) => Buffer.alloc(size, 1)),
      Buffer.alloc(bytes.length),
      Buffer.alloc(bytes.length, 255),
      Buffer.concat([bytes, Buffer.alloc(1)]),
      Buffer.concat([Buffer.alloc(1), bytes]),
    ];
    for (const other of others) {
      const proof = `${header}.${payload}.${other.toString('base64url')}`;
      expect(await refusal(verify(proof, {}, keysOf(own)))).toMatchObject({ claim: 'signature', signed: false });
    }
  });

  it('refuses every text that is not a proof without an exception', async () => {
    const parts = fc.oneof(
      fc.string(),
      fc.json().map((json) => Buffer.from(json).toString('base64url')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { maxLength: 5 }), async (written) => {
        expect((await verify(written.join('.'))).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('RFC 8725', () => {
  it('3.1 Perform Algorithm Verification: only algorithms of the entry, each with a key of its type', async () => {
    const entry = { ...idp.entry, algorithms: ['ES256'] as ProofAlgorithm[] };
    expect(await refusal(verify(signed(), { entry }))).toMatchObject({
      claim: 'alg',
      expected: 'ES256',
      found: '"RS256"',
    });
    const ec = issuerKey('ES256');
    const other = signedProof({ ...HEADER, alg: 'ES256' }, CLAIMS, ec);
    expect(await refusal(verify(other))).toMatchObject({ claim: 'kid', found: 'a key that is not for ES256' });
    const bound = { ...key, jwk: { ...key.jwk, alg: 'RS512' } };
    expect(await refusal(verify(signed(), {}, keysOf(bound)))).toMatchObject({ claim: 'kid' });
  });

  it('3.1 Perform Algorithm Verification: no HMAC with the public key', async () => {
    const input = [{ ...HEADER, alg: 'HS256' }, CLAIMS]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const mac = createHmac('sha256', JSON.stringify(key.jwk)).update(input).digest('base64url');
    expect(await refusal(verify(`${input}.${mac}`))).toMatchObject({ claim: 'alg', found: '"HS256"', signed: false });
  });

  it.each([
    ['weak RSA keys', issuerKey('RS256', 'key-1', 1024), /has 1024 bits/],
    ['symmetric keys', { ...key, jwk: { kty: 'oct', k: 'c2VjcmV0', kid: 'key-1' } }, /is symmetric/],
    ['keys for encryption', { ...key, jwk: { ...key.jwk, use: 'enc' } }, /is not for signatures/],
    ['keys that cannot verify', { ...key, jwk: { ...key.jwk, key_ops: ['sign'] } }, /is not for verifying/],
    ['RSA keys with exponent 1', { ...key, jwk: { ...key.jwk, e: 'AQ' } }, /exponent below 3/],
    [
      'private keys',
      { ...key, jwk: { ...(key.privateKey.export({ format: 'jwk' }) as PublicJwk), kid: 'key-1' } },
      /is a private key/,
    ],
    ['other curves', { ...key, jwk: { kty: 'EC', crv: 'secp256k1', x: 'AA', y: 'AA', kid: 'key-1' } }, /not supported/],
  ])('3.2 Use Appropriate Algorithms: no %s', async (_what, weak, found) => {
    expect(await refusal(verify(signed(), {}, keysOf(weak)))).toMatchObject({
      claim: 'kid',
      found: expect.stringMatching(found),
    });
  });

  it('3.2 Use Appropriate Algorithms: no alg none', async () => {
    const unsigned = [{ ...HEADER, alg: 'none' }, CLAIMS]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    expect(await refusal(verify(`${unsigned}.`))).toMatchObject({ claim: 'proof' });
    expect(await refusal(verify(`${unsigned}.AA`))).toMatchObject({ claim: 'alg', found: '"none"' });
  });

  it('3.3 Validate All Cryptographic Operations: no encrypted or nested token', async () => {
    expect(await refusal(verify('a.b.c.d.e'))).toMatchObject({ claim: 'proof' });
    expect(await refusal(verify(signedProof(HEADER, JSON.stringify(signed()), key)))).toMatchObject({ claim: 'proof' });
  });

  it('3.4 Validate Cryptographic Inputs: no point outside its curve', async () => {
    const ec = issuerKey('ES256');
    const outside = { ...ec, jwk: { ...ec.jwk, x: Buffer.alloc(32, 1).toString('base64url') } };
    const proof = signedProof({ ...HEADER, alg: 'ES256' }, CLAIMS, ec);
    expect(await refusal(verify(proof, {}, keysOf(outside)))).toMatchObject({
      claim: 'kid',
      found: expect.stringMatching(/invalid parameters/),
    });
  });

  it('3.5 Ensure Cryptographic Keys Have Sufficient Entropy: no key that people choose', async () => {
    expect(readTrust('a: { oidc: { issuer: https://a.example, algorithms: [HS512] } }').problems).toHaveLength(1);
  });

  it.each([
    'zip',
    'enc',
  ])('3.6 Avoid Compression of Encryption Inputs: no content that is %s-encoded', async (parameter) => {
    const compressed = signedProof(
      { ...HEADER, [parameter]: 'DEF' },
      Buffer.from([120, 156, 3, 0]).toString('latin1'),
      key,
    );
    expect(await refusal(verify(compressed))).toMatchObject({ claim: 'proof' });
  });

  it.each([
    ['not UTF-8', `${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}`],
    ['with a byte order mark', Buffer.from(`\uFEFF${JSON.stringify(CLAIMS)}`).toString('base64url')],
    ['with duplicate members', Buffer.from('{"sub":"a","sub":"b"}').toString('base64url')],
    ['with nested duplicate members', Buffer.from('{"env":{"name":"prod","name":"test"}}').toString('base64url')],
    ['with a duplicate member in escapes', Buffer.from('{"sub":"a","s\\u0075b":"b"}').toString('base64url')],
    ['not an object', Buffer.from('[]').toString('base64url')],
    ['with padding', `${Buffer.from('{}').toString('base64url')}=`],
    ['with spare bits', 'e31'],
    ['in base64 of another alphabet', Buffer.from('{"a":"???"}').toString('base64')],
  ])('3.7 Use UTF-8: no payload that is %s', async (_what, payload) => {
    const [header, , signature] = signed().split('.');
    expect(await refusal(verify(`${header}.${payload}.${signature}`))).toMatchObject({ claim: 'proof', signed: false });
  });

  it('3.7 Use UTF-8: no proof over 8,192 characters', async () => {
    expect(await refusal(verify(signed({ padding: 'x'.repeat(8_000) })))).toMatchObject({
      claim: 'proof',
      outsider: 'the proof must have at most 8192 characters',
    });
  });

  it('3.8 Validate Issuer and Subject: the keys of one issuer do not sign for another', async () => {
    const other = issuerKey('RS256');
    expect(await refusal(verify(signed(), {}, keysOf(other)))).toMatchObject({ claim: 'signature', signed: false });
    expect(await refusal(verify(signed({ iss: 'https://other.example' })))).toMatchObject({ claim: 'iss' });
  });

  it('3.9 Use and Validate Audience: a proof for somebody else is refused', async () => {
    expect(await refusal(verify(signed({ aud: ['a', 'b'] })))).toMatchObject({ claim: 'aud' });
    expect(await refusal(verify(signed({ aud: { [SERVICE]: true } })))).toMatchObject({ claim: 'aud' });
  });

  it.each([
    'crit',
    'jku',
    'x5u',
    'x5c',
    'jwk',
  ])('3.10 Do Not Trust Received Claims: no %s in the header', async (parameter) => {
    expect(await refusal(verify(signed({}, { [parameter]: ['x'] })))).toMatchObject({
      claim: parameter,
      expected: 'absent',
      found: 'present',
      signed: false,
    });
  });

  it.each([
    '../../etc/passwd',
    "' or 1=1",
    '__proto__',
    'constructor',
    '',
  ])('3.10 Do Not Trust Received Claims: the kid %j only names a key', async (kid) => {
    expect(await refusal(verify(signed({}, { kid })))).toMatchObject({ claim: 'kid', signed: false });
  });

  it.each([
    'secevent+jwt',
    'logout+jwt',
    'dpop+jwt',
    'application/dpop+jwt',
    7,
  ])('3.11 Use Explicit Typing: no token of the type %j', async (typ) => {
    expect(await refusal(verify(signed({}, { typ })))).toMatchObject({ claim: 'typ', signed: false });
  });

  it.each([
    'JWT',
    'jwt',
    'application/JWT',
    'at+jwt',
    undefined,
  ])('3.11 Use Explicit Typing: the type %j', async (typ) => {
    expect((await verify(signed({}, { typ }))).ok).toBe(true);
  });

  it('3.12 Use Mutually Exclusive Validation Rules: an entry accepts no proof for another one', async () => {
    const { name, entry } = trustEntry('billing: { client: { keys: { file: billing.jwks.json } } }');
    expect(await refusal(verify(signed(), { name, entry: { ...entry, keys: idp.entry.keys } }))).toMatchObject({
      claim: 'iss',
    });
  });
});

describe('client assertions', () => {
  const { name, entry } = trustEntry('billing: { client: { keys: { jwks_url: https://billing.example/jwks } } }');
  const claims = { iss: 'billing', sub: 'billing', env: undefined };
  const assertion = (more: object) => verify(signed({ ...claims, ...more }), { name, entry });

  it('name their client as issuer and subject', async () => {
    expect(await assertion({})).toMatchObject({
      ok: true,
      caller: { subject: 'billing:billing' },
      proof: { jti: 'one' },
    });
  });

  it('may have the type of RFC 7523, as revised, and no iat', async () => {
    const typed = signed({ ...claims, iat: undefined, exp: NOW + 60 }, { typ: 'client-authentication+jwt' });
    expect((await verify(typed, { name, entry })).ok).toBe(true);
  });

  it.each([
    ['another issuer', { iss: 'other' }, 'iss'],
    ['another subject', { sub: 'other' }, 'sub'],
    ['the token endpoint as audience', { aud: `${SERVICE}/federation/token` }, 'aud'],
    ['several audiences', { aud: [SERVICE, 'https://other.example'] }, 'aud'],
    ['no jti', { jti: undefined }, 'jti'],
    ['a long lifetime', { iat: undefined, exp: NOW + 3_600 }, 'exp'],
  ])('are refused with %s', async (_what, more, claim) => {
    expect(await refusal(assertion(more))).toMatchObject({ claim });
  });
});

describe('entryFor', () => {
  const { value: trust = {} } = readTrust(`
a: { oidc: { issuer: https://a.example } }
b: { oidc: { issuer: ${ISSUER} } }
c: { oidc: { issuer: https://c.example } }
c2: { oidc: { issuer: https://c.example } }
off: { oidc: { issuer: https://off.example, disabled: true } }
`);

  it.each([
    ['the entry that the request names', 'a', ISSUER, 'a'],
    ['the one entry with the issuer of the proof', undefined, ISSUER, 'b'],
    ['no entry of two', undefined, 'https://c.example', undefined],
    ['the entry of two that the request names', 'c2', 'https://c.example', 'c2'],
    ['no disabled entry', undefined, 'https://off.example', undefined],
    ['no disabled entry by name', 'off', 'https://off.example', undefined],
    ['no unknown entry', 'x', ISSUER, undefined],
    ['no member of every object', 'constructor', ISSUER, undefined],
    ['no entry for an unknown issuer', undefined, 'https://x.example', undefined],
  ])('finds %s', (_what, clientId, iss, name) => {
    const found = entryFor(trust, clientId, signed({ iss }));
    expect(found.ok ? found.name : undefined).toBe(name);
    if (!found.ok) {
      expect(found.outsider).toBe('the proof matches no trust entry of this service: name one with client_id');
      expect(found.failed.claim).toBe('client_id');
      expect(found.signatureVerified).toBe(false);
    }
  });
});
