import type { AuthorizationDetail } from './authorization-details.ts';
import type { AuditEvent } from './events.ts';

const read: AuthorizationDetail = { type: 'resource', locations: ['orders-db/orders'], actions: ['read'] };

const eventFields = (time: string) => ({
  version: '1' as const,
  eventId: 'c4ca4238a0b923820dcc509a6f75849b',
  time,
});

const subject = 'arn:aws:iam::111122223333:role/orders-service';

const token = { tokenId: '35445779-b11b-466e-9611-a4ba0a6b9a7d', subject, audience: 'orders-db' };

const requested = {
  ...eventFields('2026-11-22T09:30:00.000Z'),
  ...token,
  account: '111122223333',
  session: 'i-0abc1234def567890',
  authorizationDetails: [read],
  access: 'read' as const,
  expiresIn: 600,
  sourceIp: '203.0.113.7',
  requestId: 'b1cabfe6-1cd9-46c2-8b83-ef498cd9fc8e',
  reason: 'nightly report',
  task: 'nightly-report/2026-11-22',
  policyBundle: 'e6f799cf4824299250d11b89df2f58ed16852a601f218e5ca43278d115032c70',
};

const vended = {
  ...requested,
  issuedAt: '2026-11-22T09:30:00.000Z',
  expiresAt: '2026-11-22T09:40:00.000Z',
  keyId: 'I_wJM2zijKztH37L7cONzXJCNJrFcDZaflZaqkv0Ip8',
  policies: ['orders-service-reads-orders'],
  statusList: { list: 1, index: 48_213 },
};

const resourceServer = 'arn:aws:iam::111122223333:role/orders-db';
const operator = 'arn:aws:sts::111122223333:assumed-role/security-operator/alice';
const revocationId = '0f8fad5b-d9cb-469f-a165-70867728950e';

/** One example of each audit event, for the documentation. */
export const auditEventExamples: AuditEvent[] = [
  { detailType: 'Token Issued', detail: vended },
  {
    detailType: 'Token Denied',
    detail: {
      ...requested,
      authorizationDetails: [{ ...read, actions: ['write'] }],
      access: 'write',
      denial: 'policy',
      policies: [],
      policyErrors: [],
    },
  },
  {
    detailType: 'Token Failed',
    detail: { ...vended, ...eventFields('2026-11-22T09:30:00.150Z'), failure: 'signing_failed' },
  },
  {
    detailType: 'Token Revoked',
    detail: {
      ...vended,
      ...eventFields('2026-11-22T09:35:00.000Z'),
      revokedAt: '2026-11-22T09:35:00.000Z',
      revokedBy: 'security.team',
      revocationReason: 'laptop stolen',
      revocationId,
    },
  },
  { detailType: 'Token Expired', detail: { ...vended, ...eventFields('2026-11-22T09:40:00.000Z') } },
  {
    detailType: 'Token Introspected',
    detail: { ...eventFields('2026-11-22T09:36:12.480Z'), ...token, by: resourceServer, result: 'revoked', count: 1 },
  },
  {
    detailType: 'Token Used',
    detail: {
      ...eventFields('2026-11-22T09:31:04.112Z'),
      ...token,
      by: resourceServer,
      action: 'read',
      location: 'orders-db/orders',
      outcome: 'allowed',
    },
  },
  {
    detailType: 'Revocation Ordered',
    detail: {
      ...eventFields('2026-11-22T09:35:00.000Z'),
      revocationId,
      selector: { subject },
      revokedBefore: '2026-11-22T09:35:00.000Z',
      by: 'security.team',
      reason: 'laptop stolen',
    },
  },
  {
    detailType: 'Revocation Completed',
    detail: { ...eventFields('2026-11-22T09:35:01.730Z'), revocationId, revoked: 12 },
  },
  {
    detailType: 'Revocation Refused',
    detail: {
      ...eventFields('2026-11-22T09:35:00.000Z'),
      via: 'event',
      from: 'security.team of 111122223333',
      problem: 'all must be true to select every token, unless another selector is given',
    },
  },
  {
    detailType: 'Subject Blocked',
    detail: {
      ...eventFields('2026-11-22T09:35:00.000Z'),
      subject,
      until: '2026-11-22T10:35:00.000Z',
      by: 'security.team',
      reason: 'laptop stolen',
    },
  },
  {
    detailType: 'Subject Unblocked',
    detail: { ...eventFields('2026-11-22T09:50:00.000Z'), subject, by: operator, reason: 'laptop found' },
  },
  {
    detailType: 'Subject Limited',
    detail: {
      ...eventFields('2026-11-22T09:35:00.000Z'),
      subject,
      until: '2026-11-22T10:35:00.000Z',
      lifetime: 60,
      by: 'tvm:anomalies',
      reason: 'denial-spike',
    },
  },
  {
    detailType: 'Anomaly Detected',
    detail: {
      ...eventFields('2026-11-22T09:34:58.020Z'),
      detector: 'denial-spike',
      severity: 'medium',
      subject,
      observed: 41,
      usual: 2,
      window: 300,
      what: 'orders-service was denied 41 tokens in 5 minutes; 2 are usual.',
      response: 'shorten',
    },
  },
  {
    detailType: 'Policy Changed',
    detail: {
      ...eventFields('2026-11-22T08:00:31.004Z'),
      before: '5c0b8f0bd3a9a1a5f3d9f0f1c1c2ff20c1d1a9b04cba4a1de9f6dd2a64d7a6b2',
      after: requested.policyBundle,
    },
  },
  {
    detailType: 'Signing Keys Changed',
    detail: {
      ...eventFields('2026-11-22T08:00:31.004Z'),
      before: ['arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'],
      after: [
        'arn:aws:kms:eu-central-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321',
        'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      ],
    },
  },
  {
    detailType: 'Security Event Received',
    detail: {
      ...eventFields('2026-11-22T09:35:00.000Z'),
      issuer: 'https://identity.example.com',
      jti: '756E69717565206964656E746966696572',
      type: 'https://schemas.openid.net/secevent/caep/event-type/session-revoked',
      revocationId,
    },
  },
  {
    detailType: 'Verification Requested',
    detail: {
      ...eventFields('2026-11-22T09:36:00.000Z'),
      receiver: 'gateway',
      by: 'arn:aws:iam::111122223333:role/gateway',
      state: 'VGhpcyBpcyBhbiBleGFtcGxlIHN0YXRlIHZhbHVlLgo',
    },
  },
];

/** An example of a revocation request. */
export const revocationRequestedExample = {
  version: '1',
  tokenId: requested.tokenId,
  reason: 'laptop stolen',
} as const;
