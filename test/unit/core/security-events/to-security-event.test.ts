import { auditEventExamples } from '@tvm/contract/event-examples.ts';
import { type AuditEvent, auditEvents } from '@tvm/contract/events.ts';
import {
  SESSION_REVOKED,
  TOKEN_CLAIMS_CHANGE,
  transmittedClaims,
  transmittedEventType,
  VERIFICATION,
} from '@tvm/contract/security-event.ts';
import { signedJws } from '@tvm/core/keys/jws.ts';
import { toSecurityEvent } from '@tvm/core/security-events/to-security-event.ts';
import { transmitterMetadata } from '@tvm/core/security-events/transmitter-metadata.ts';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { expect, it } from 'vitest';
import { localKeys } from '#test/fakes/local-keys.ts';

const issuer = 'https://tokens.example.com';
const receiver = { name: 'gateway', audience: 'https://gateway.example.com' };
const tell = (event: AuditEvent, to = receiver) => toSecurityEvent(event, { issuer, receiver: to });

const common = { version: '1' as const, eventId: 'c4ca4238a0b923820dcc509a6f75849b', time: '2026-11-22T09:30:00.400Z' };
const subject = 'arn:aws:iam::111122223333:role/orders-service';
const blocked: AuditEvent = {
  detailType: 'Subject Blocked',
  detail: { ...common, subject, until: '2026-11-22T10:30:00.000Z', by: 'aws.guardduty' },
};
const ordered = (selector: object, from?: string): AuditEvent => ({
  detailType: 'Revocation Ordered',
  detail: {
    ...common,
    revocationId: '0f8fad5b-d9cb-469f-a165-70867728950e',
    selector,
    revokedBefore: common.time,
    ...(from && { from }),
    by: 'arn:aws:sts::111122223333:assumed-role/security-operator/alice',
    reason: 'changes its account',
  },
});
const revoked = auditEventExamples.find(({ detailType }) => detailType === 'Token Revoked');
if (revoked?.detailType !== 'Token Revoked') throw new Error('there is no example of a revoked token');

it('a revoked token becomes a revoked session of its user (CAEP 1.0, section 3.1)', () => {
  const { detail } = revoked;
  const at = Math.floor(Date.parse(detail.revokedAt) / 1000);
  const claims = tell(revoked);
  expect(claims).toEqual({
    iss: issuer,
    jti: expect.stringMatching(/^\d{10}-[0-9a-f]{32}$/),
    iat: Math.floor(Date.parse(detail.time) / 1000),
    aud: 'https://gateway.example.com',
    txn: detail.revocationId ?? detail.eventId,
    sub_id: {
      format: 'complex',
      user: { format: 'iss_sub', iss: issuer, sub: detail.subject },
      session: { format: 'jwt_id', iss: issuer, jti: detail.tokenId },
    },
    events: {
      [SESSION_REVOKED]: {
        event_timestamp: at,
        initiating_entity: 'system',
        reason_admin: { en: detail.revocationReason },
      },
    },
  });
  expect(() => transmittedClaims.parse(claims)).not.toThrow();
});

it('a blocked subject becomes the revocation of all sessions of a user, with a default reason', () => {
  expect(tell(blocked)).toMatchObject({
    txn: common.eventId,
    sub_id: { format: 'iss_sub', iss: issuer, sub: subject },
    events: {
      [SESSION_REVOKED]: {
        event_timestamp: 1795339800,
        initiating_entity: 'system',
        reason_admin: { en: 'no reason was given' },
      },
    },
  });
});

it.each([
  ['github:repo:1296269', 'user'],
  ['arn:aws:sts::111122223333:assumed-role/security-operator/anna', 'admin'],
  ['tvm:anomaly/denial-spike', 'system'],
  ['aws.guardduty', 'system'],
])('the tokens of a federated workload that %s revokes are revoked by the %s', (by, entity) => {
  const event = { ...blocked, detail: { ...blocked.detail, subject: 'github:repo:1296269', by } } as typeof blocked;
  expect(tell(event)).toMatchObject({
    sub_id: { sub: 'github:repo:1296269' },
    events: { [SESSION_REVOKED]: { initiating_entity: entity } },
  });
});

it('a delayed revocation of a subject becomes a change of exp (CAEP 1.0, section 3.2)', () => {
  const claims = tell(ordered({ subject }, '2026-11-22T09:35:00.000Z'));
  expect(claims).toMatchObject({
    txn: '0f8fad5b-d9cb-469f-a165-70867728950e',
    sub_id: { format: 'iss_sub', iss: issuer, sub: subject },
    events: {
      [TOKEN_CLAIMS_CHANGE]: {
        claims: { exp: 1795340100 },
        initiating_entity: 'admin',
        reason_admin: { en: 'changes its account' },
      },
    },
  });
  expect(() => transmittedClaims.parse(claims)).not.toThrow();
});

it('a request without a delay, or not for a whole subject, causes events only for the tokens that it revokes', () => {
  expect(tell(ordered({ subject }))).toBeUndefined();
  expect(tell(ordered({ subject, audience: 'orders-db' }, '2026-11-22T09:35:00.000Z'))).toBeUndefined();
  expect(tell(ordered({ task: 'deploy/17' }, '2026-11-22T09:35:00.000Z'))).toBeUndefined();
});

it('a verification names the stream, and repeats the state if there is one (SSF 1.0, section 8.1.4.1)', () => {
  const verify = (state?: string): AuditEvent => ({
    detailType: 'Verification Requested',
    detail: {
      ...common,
      receiver: 'gateway',
      by: 'arn:aws:iam::111122223333:role/gateway',
      ...(state !== undefined && { state }),
    },
  });
  const claims = tell(verify('VGhpcyBpcw'));
  expect(claims).toMatchObject({
    iat: 1795339800,
    aud: 'https://gateway.example.com',
    txn: common.eventId,
    sub_id: { format: 'opaque', id: 'gateway' },
    events: { [VERIFICATION]: { state: 'VGhpcyBpcw' } },
  });
  expect(() => transmittedClaims.parse(claims)).not.toThrow();
  expect(tell(verify())?.events).toEqual({ [VERIFICATION]: {} });
  expect(tell(verify())?.jti).not.toBe(claims?.jti);
});

it('a verification is sent only to the receiver that requested it, and is not a configurable event type', () => {
  const detail = { ...common, receiver: 'gateway', by: 'arn:aws:iam::111122223333:role/gateway' };
  expect(tell({ detailType: 'Verification Requested', detail }, { ...receiver, name: 'siem' })).toBeUndefined();
  expect(transmittedEventType.safeParse(VERIFICATION).success).toBe(false);
});

it('no other event is sent', () => {
  const told = auditEventExamples.filter((event) => tell(event) !== undefined).map(({ detailType }) => detailType);
  expect(new Set(told)).toEqual(new Set(['Token Revoked', 'Subject Blocked', 'Verification Requested']));
  expect(Object.keys(auditEvents)).toEqual(expect.arrayContaining([...told]));
});

it('the initiator is the workload itself if it revoked its own token', () => {
  const own: AuditEvent = { ...revoked, detail: { ...revoked.detail, revokedBy: revoked.detail.subject } };
  expect(tell(own)?.events).toMatchObject({ [SESSION_REVOKED]: { initiating_entity: 'user' } });
});

it('the same event yields byte-identical SETs for one receiver, and different SETs for different receivers', async () => {
  const { signer } = await localKeys('RS256');
  const set = (to = receiver) => signedJws(signer, 'secevent+jwt', tell(revoked, to) ?? {});
  expect(await set()).toBe(await set());
  expect(tell(revoked)?.jti).not.toBe(tell(revoked, { ...receiver, name: 'other' })?.jti);
  const other = { ...revoked, detail: { ...revoked.detail, tokenId: crypto.randomUUID() } } as AuditEvent;
  expect(tell(revoked)?.jti).not.toBe(tell(other)?.jti);
});

it('jose verifies a SET, with its type and with neither sub nor exp (SSF 1.0, section 4.1)', async () => {
  const { signer, keys } = await localKeys('RS256');
  const set = await signedJws(signer, 'secevent+jwt', tell(blocked) ?? {});
  const { payload } = await jwtVerify(set, createLocalJWKSet(await keys.jwks()), {
    typ: 'secevent+jwt',
    issuer,
    audience: receiver.audience,
    requiredClaims: ['iat', 'jti', 'txn', 'sub_id', 'events'],
  });
  expect(payload).not.toHaveProperty('sub');
  expect(payload).not.toHaveProperty('exp');
});

it('the metadata names the key URL and the critical subject members (SSF 1.0, section 7.1)', () => {
  expect(transmitterMetadata(issuer, ['push'], false)).toEqual({
    spec_version: '1_0',
    issuer,
    jwks_uri: `${issuer}/.well-known/security-event-keys.json`,
    delivery_methods_supported: ['urn:ietf:rfc:8935'],
    critical_subject_members: ['user', 'session'],
    default_subjects: 'ALL',
  });
  const methods = transmitterMetadata(issuer, ['push', 'poll'], true).delivery_methods_supported;
  expect(methods).toEqual(['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936']);
});

it('the metadata names the stream endpoints and the authentication method if a receiver has a principal', () => {
  expect(transmitterMetadata(issuer, ['push'], true)).toMatchObject({
    configuration_endpoint: `${issuer}/security-events/streams`,
    status_endpoint: `${issuer}/security-events/status`,
    verification_endpoint: `${issuer}/security-events/verification`,
    authorization_schemes: [{ spec_urn: expect.stringContaining('reference_sigv') }],
  });
});
