import { SESSION_REVOKED, securityEventClaims } from '@tvm/contract/security-event.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import {
  type ReceiveSecurityEventPorts,
  type ReceivingRules,
  receiveSecurityEvent,
} from '@tvm/core/security-events/receive-security-event.ts';
import fc from 'fast-check';
import { generateKeyPair, type JWTPayload } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { asking, from, ISSUER, inMemoryService, rules, SUBJECT } from '#test/fakes/in-memory-service.ts';
import {
  AUDIENCE,
  inMemoryReceivedSecurityEvents,
  securityEventTransmitter,
  TRANSMITTER,
} from '#test/fakes/security-event-transmitter.ts';

const TOKEN = '00000001-0000-4000-8000-000000000000';
const RISC = 'https://schemas.openid.net/secevent/risc/event-type';
const user = { format: 'iss_sub', iss: ISSUER, sub: SUBJECT };
const session = { format: 'jwt_id', iss: ISSUER, jti: TOKEN };

let tvm: Awaited<ReturnType<typeof inMemoryService>> & Pick<ReceiveSecurityEventPorts, 'received'>;
let transmitter: Awaited<ReturnType<typeof securityEventTransmitter>>;
let receiving: ReceivingRules;

beforeEach(async () => {
  tvm = {
    ...(await inMemoryService()),
    received: inMemoryReceivedSecurityEvents(),
  };
  transmitter = await securityEventTransmitter();
  const transmitters = new Map([[transmitter.issuer, transmitter.trusted]]);
  receiving = { issuer: ISSUER, transmitters, blockFor: 3_600 };
  await issueToken(asking(), from, rules, tvm);
  tvm.clock.time += 1_000;
});

const now = () => Math.floor(tvm.clock.time / 1000);
const claims = (change: JWTPayload = {}): JWTPayload => ({
  jti: '24c63fb56e5a2d77a6b512616ca9fa24',
  iat: now(),
  txn: '8675309',
  sub_id: session,
  events: {
    [SESSION_REVOKED]: { event_timestamp: now(), reason_admin: { en: 'Landspeed Policy Violation: C076E82F' } },
  },
  ...change,
});
const receive = (set: string) => receiveSecurityEvent(set, receiving, tvm);
const send = async (change: JWTPayload = {}, header = {}) => receive(await transmitter.sign(claims(change), header));
const statusOf = (tokenId = TOKEN) => tvm.records.states.get(tokenId)?.status;
const facts = () => [...tvm.facts.facts.values()];

describe('a trusted transmitter’s SET', () => {
  it.each([
    ['jwt_id', session],
    ['opaque', { format: 'opaque', id: TOKEN }],
    ['complex, of user and session', { format: 'complex', user, session }],
    ['complex, of a session', { format: 'complex', session }],
  ])('revokes a token, named by %s', async (_, sub_id) => {
    expect(await send({ sub_id })).toMatchObject({ kind: 'revoked', submission: { kind: 'one_token', revoked: 1 } });
    expect(tvm.records.states.get(TOKEN)).toMatchObject({
      status: 'revoked',
      revokedBy: TRANSMITTER,
      revocationReason: 'Landspeed Policy Violation: C076E82F',
    });
  });

  it.each([
    ['iss_sub', user],
    ['iss_sub with a session of the role', { ...user, sub: from.userArn }],
    ['uri', { format: 'uri', uri: SUBJECT }],
    ['complex, of a user', { format: 'complex', user }],
  ])('revokes and blocks a workload, named by %s', async (_, sub_id) => {
    const outcome = await send({ sub_id });
    expect(outcome).toMatchObject({
      kind: 'revoked',
      submission: { order: { revocationId: tvm.continuations.waiting[0]?.revocationId } },
    });
    expect(await tvm.subjectStatuses.get(SUBJECT)).toMatchObject({
      revokedBefore: tvm.clock.time,
      block: { until: tvm.clock.time + 3_600_000, by: TRANSMITTER },
    });
  });

  it('revokes a federated workload by its subject, but not by a URI that looks like one', async () => {
    const sub = 'github:repo:1296269';
    await send({ sub_id: { ...user, sub } });
    expect(await tvm.subjectStatuses.get(sub)).toMatchObject({ revokedBefore: tvm.clock.time });
    const sub_id = { format: 'uri', uri: 'mailto:jane@example.com' };
    expect(await send({ sub_id, jti: 'another' })).toMatchObject({ kind: 'refused' });
  });

  it.each(['account-disabled', 'account-purged', 'credential-compromise'])('revokes by RISC %s', async (type) => {
    expect(await send({ events: { [`${RISC}/${type}`]: { reason: 'hijacking' } } })).toMatchObject({ kind: 'revoked' });
    expect(statusOf()).toBe('revoked');
  });

  it('causes a fact for the audit, with the ID of its revocation', async () => {
    await send();
    const record = tvm.records.states.get(TOKEN);
    expect(facts()).toEqual([
      {
        detailType: 'Security Event Received',
        detail: {
          time: '2026-01-01T12:00:01.500Z',
          issuer: TRANSMITTER,
          jti: '24c63fb56e5a2d77a6b512616ca9fa24',
          type: SESSION_REVOKED,
          revocationId: record?.status === 'revoked' ? record.revocationId : 'it is not revoked',
        },
      },
    ]);
  });

  it.each(['verification', 'stream-updated'])('about the stream itself (%s) is accepted without effect', async (of) => {
    const events = { [`https://schemas.openid.net/secevent/ssf/event-type/${of}`]: { state: 'VGhpcyBpcw' } };
    expect(await send({ sub_id: { format: 'opaque', id: 'stream' }, events })).toEqual({ kind: 'accepted' });
    expect([statusOf(), facts()]).toEqual(['issued', []]);
  });

  it('may be signed with RS256, as the CAEP Interoperability Profile requires', async () => {
    const other = await securityEventTransmitter('https://rsa.example.com', 'RS256');
    receiving = { ...receiving, transmitters: new Map([[other.issuer, other.trusted]]) };
    expect(await receive(await other.sign(claims()))).toMatchObject({ kind: 'revoked' });
  });

  it('does not put an unreadable reason into the audit', async () => {
    await send({ events: { [SESSION_REVOKED]: { reason_admin: { en: 'a\nforged line' } } } });
    expect(tvm.records.states.get(TOKEN)).not.toHaveProperty('revocationReason');
  });
});

describe('a SET that is sent again', () => {
  const subjectRevoked = { sub_id: user };

  it('gets the same response, is not processed again, and is recorded once', async () => {
    const set = await transmitter.sign(claims(subjectRevoked));
    await receive(set);
    await tvm.subjectStatuses.unblock(SUBJECT, { at: tvm.clock.time, by: 'operator' });
    tvm.clock.time += 5_000;
    expect(await receive(set)).toEqual({ kind: 'accepted' });
    expect(await receive(set)).toEqual({ kind: 'accepted' });
    expect(await tvm.subjectStatuses.get(SUBJECT)).not.toHaveProperty('block');
    expect(facts().map(({ detailType }) => detailType)).toEqual(['Security Event Received', 'Revocation Refused']);
    expect(facts()[1]?.detail).toMatchObject({
      from: TRANSMITTER,
      problem: expect.stringContaining('processed before'),
    });
  });

  it('with another encoding of its signature is the same', async () => {
    const set = await transmitter.sign(claims(subjectRevoked));
    await receive(set);
    const spelt = `${set.slice(0, -1)}${{ A: 'B', Q: 'R', g: 'h', w: 'x' }[set.slice(-1)]}`;
    expect(await receive(spelt)).toEqual({ kind: 'accepted' });
  });

  it('after a failure continues, with the time of its first receipt', async () => {
    const set = await transmitter.sign(claims(subjectRevoked));
    const { orders } = tvm;
    const failing = { ...orders, submit: () => Promise.reject(new Error('DynamoDB failed')) };
    await expect(receiveSecurityEvent(set, receiving, { ...tvm, orders: failing })).rejects.toThrow('DynamoDB failed');
    const first = tvm.clock.time;
    tvm.clock.time += 60_000;
    // The subject was blocked from the first receipt on, so it must not keep tokens that were issued in between.
    const order = { from: first, orderedAt: first, revokedBefore: tvm.clock.time };
    expect(await receive(set)).toMatchObject({ kind: 'revoked', submission: { order } });
  });

  it('with other claims under its jti is refused', async () => {
    await send();
    expect(await send({ sub_id: user })).toMatchObject({ kind: 'refused', err: 'invalid_request' });
    expect(await tvm.subjectStatuses.get(SUBJECT)).toEqual({});
  });
});

describe('refused without effect:', () => {
  const refusedAs = async (set: string | Promise<string>, err: string, problem: RegExp) => {
    expect(await receive(await set)).toEqual({ kind: 'refused', err, problem: expect.stringMatching(problem) });
    expect(statusOf()).toBe('issued');
    expect(await tvm.subjectStatuses.get(SUBJECT)).toEqual({});
  };

  it('text that is not a SET', async () => {
    for (const nothing of ['', 'a.b.c', '{"iss":"x"}', `${btoa('{}')}.${btoa('[]')}.`]) {
      await refusedAs(nothing, 'invalid_request', /signed security event token/);
    }
  });

  it('an issuer that is not trusted, although its key is good', async () => {
    const stranger = await securityEventTransmitter('https://stranger.example.com');
    await refusedAs(stranger.sign(claims()), 'invalid_issuer', /not a trusted transmitter/);
  });

  it('an issuer whose SET is signed with the key of another, also a trusted one', async () => {
    const other = await securityEventTransmitter('https://other.example.com');
    receiving = { ...receiving, transmitters: new Map([transmitter, other].map((one) => [one.issuer, one.trusted])) };
    await refusedAs(other.sign({ ...claims(), iss: TRANSMITTER }), 'authentication_failed', /key of the issuer/);
  });

  it('a key that is not in the issuer’s JWKS', async () => {
    await refusedAs(transmitter.sign(claims(), { kid: 'second' }), 'invalid_key', /JWKS/);
  });

  it('a key in the header (jwk) or at a URL in the header (jku)', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const brought = { jwk: transmitter.jwks.keys[0], jku: 'https://evil.example.com/jwks.json' };
    await refusedAs(transmitter.sign(claims(), brought, privateKey), 'authentication_failed', /key of the issuer/);
  });

  it('alg none, and a shared secret derived from the public key', async () => {
    const part = (of: object) => Buffer.from(JSON.stringify(of)).toString('base64url');
    const payload = part({ iss: TRANSMITTER, aud: AUDIENCE, ...claims() });
    await refusedAs(`${part({ alg: 'none', typ: 'secevent+jwt' })}.${payload}.`, 'invalid_key', /must be signed with/);
    const secret = new TextEncoder().encode(JSON.stringify(transmitter.jwks.keys[0]));
    await refusedAs(transmitter.sign(claims(), { alg: 'HS256' }, secret), 'invalid_key', /must be signed with/);
  });

  it('claims changed after signing', async () => {
    const [header, , signature] = (await transmitter.sign(claims())).split('.');
    const changed = Buffer.from(JSON.stringify({ iss: TRANSMITTER, aud: AUDIENCE, ...claims({ sub_id: user }) }));
    await refusedAs(`${header}.${changed.toString('base64url')}.${signature}`, 'authentication_failed', /signature/);
  });

  it('another type of token', async () => {
    for (const typ of ['at+jwt', 'JWT', undefined]) {
      await refusedAs(transmitter.sign(claims(), { typ }), 'invalid_request', /typ must be secevent\+jwt/);
    }
  });

  it('another audience', async () => {
    await refusedAs(transmitter.sign(claims({ aud: 'https://sp.example.com' })), 'invalid_audience', /aud/);
  });

  it('a SET that is too old, from the future, or without a time', async () => {
    await refusedAs(transmitter.sign(claims({ iat: now() - 86_500 })), 'invalid_request', /at most a day ago/);
    await refusedAs(transmitter.sign(claims({ iat: now() + 120 })), 'invalid_request', /iat/);
    await refusedAs(transmitter.sign(claims({ iat: undefined })), 'invalid_request', /iat/);
  });

  it.each([
    ['with sub', { sub: SUBJECT }, /sub must be absent/],
    ['with exp', { exp: 1_900_000_000 }, /exp must be absent/],
    ['without jti', { jti: undefined }, /jti must be text/],
    ['with an overlong jti', { jti: 'x'.repeat(257) }, /jti must have at most 256/],
    ['without sub_id', { sub_id: undefined }, /sub_id/],
    ['without an event', { events: {} }, /events must contain exactly one event/],
    ['with two events', { events: { [SESSION_REVOKED]: {}, [`${RISC}/account-disabled`]: {} } }, /one event/],
    ['with an unknown event type', { events: { 'https://example.com/event': {} } }, /event type is not supported/],
    ['with a subject of another issuer', { sub_id: { ...user, iss: TRANSMITTER } }, /must name a workload or a token/],
    [
      'with a subject that is not a workload',
      { sub_id: { ...user, sub: 'jane@example.com' } },
      /must name a workload or a token/,
    ],
    // Longer than a key of the table may be: storing it would fail, and the transmitter would retry forever.
    [
      'with an overlong ARN',
      { sub_id: { ...user, sub: `${SUBJECT}${'x'.repeat(3_000)}` } },
      /must name a workload or a token/,
    ],
    [
      'with an ID that is not a token ID',
      { sub_id: { format: 'opaque', id: 'dMTlD|16' } },
      /must name a workload or a token/,
    ],
    ['with a subject by e-mail', { sub_id: { format: 'email', email: 'a@b.example' } }, /sub_id must be/],
    ['with an empty complex subject', { sub_id: { format: 'complex' } }, /must name a user or a session/],
    [
      'with a complex subject with two users',
      { sub_id: { format: 'complex', user, session: user } },
      /a user and a session/,
    ],
    [
      'with a complex subject that also has a tenant',
      { sub_id: { format: 'complex', user, tenant: user } },
      /sub_id must be/,
    ],
  ])('a SET %s', async (_, change: JWTPayload, problem) => {
    await refusedAs(transmitter.sign(claims(change)), 'invalid_request', problem);
    expect(facts()).toMatchObject([
      {
        detailType: 'Revocation Refused',
        detail: { via: 'security_event', from: TRANSMITTER, problem: expect.stringMatching(problem) },
      },
    ]);
  });

  it.each([
    ['iss_sub', user],
    ['jwt_id', session],
    ['opaque', { format: 'opaque', id: TOKEN }],
    ['uri', { format: 'uri', uri: SUBJECT }],
    ['complex', { format: 'complex', user, session }],
  ])('a subject in the format %s with an additional property, also within a complex subject', async (format, subject) => {
    const beyond = { ...subject, tenant: 'acme' };
    const subjects: object[] = [beyond, ...['user', 'session'].map((part) => ({ format: 'complex', [part]: beyond }))];
    for (const [at, sub_id] of subjects.entries()) {
      const set = transmitter.sign(claims({ sub_id, jti: `${format}-${at}` }));
      await refusedAs(set, 'invalid_request', /sub_id must be/);
    }
  });

  it('a token that does not match the complex subject', async () => {
    const other = { ...user, sub: 'arn:aws:iam::111122223333:role/other' };
    await send({ sub_id: { format: 'complex', user: other, session } });
    expect(statusOf()).toBe('issued');
  });
});

it('unauthenticated SETs are recorded once in an hour, and without unreadable names', async () => {
  const stranger = await securityEventTransmitter('https://stranger.example.com');
  for (let time = 0; time < 5; time++) await receive(await stranger.sign(claims({ jti: `jti-${time}` })));
  await receive(await stranger.sign(claims({ iss: 'https://evil.example.com/\n forged' })));
  expect(facts()).toMatchObject([{ detail: { from: 'https://stranger.example.com' } }]);
  tvm.clock.time += 3_600_000;
  await receive(await stranger.sign(claims({ iss: 'https://evil.example.com/\n forged' })));
  expect(facts()[1]).toMatchObject({ detail: { from: 'unreadable' } });
});

it('the examples of the specifications are well-formed claims', () => {
  const common = {
    iss: 'https://idp.example.com/123456789/',
    jti: '24c63fb56e5a2d77a6b512616ca9fa24',
    iat: 1615305159,
  };
  const complex = {
    format: 'complex',
    user: { format: 'iss_sub', iss: 'https://idp.example.com/123456789/', sub: 'jane.smith@example.com' },
    tenant: { format: 'opaque', id: '123456789' },
  };
  const examples = [
    // CAEP 1.0, section 3.1, the first and the third
    { ...common, sub_id: { format: 'opaque', id: 'dMTlD|1600802906337.16' }, events: { [SESSION_REVOKED]: {} } },
    { ...common, sub_id: complex, events: { [SESSION_REVOKED]: { initiating_entity: 'policy' } } },
    // SSF 1.0, section 5, the second
    {
      ...common,
      txn: '8675309',
      sub_id: { format: 'phone_number', phone_number: '+1 206 555 0123' },
      events: { [`${RISC}/account-disabled`]: { reason: 'hijacking' } },
    },
  ];
  for (const example of examples) expect(securityEventClaims.safeParse(example).error).toBeUndefined();
});

it('any signed SET and any text get a response', async () => {
  const anything = fc.record({
    sub_id: fc.jsonValue(),
    events: fc.oneof(fc.jsonValue(), fc.constant({ [SESSION_REVOKED]: {} })),
  });
  await fc.assert(
    fc.asyncProperty(anything, fc.string(), async (change, text) => {
      const outcome = await receive(await transmitter.sign({ ...claims(), ...(change as JWTPayload) }));
      expect(outcome.kind).toBe('refused');
      expect((await receive(text)).kind).toBe('refused');
    }),
    { numRuns: 100 },
  );
  expect(statusOf()).toBe('issued');
});
