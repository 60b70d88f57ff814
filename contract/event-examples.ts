import type { AuthorizationDetail } from './authorization-details.ts';
import type { AuditEvent } from './events.ts';

const read: AuthorizationDetail = { type: 'resource', locations: ['orders-db/orders'], actions: ['read'] };

const asked = {
  version: '1' as const,
  eventId: 'c4ca4238a0b923820dcc509a6f75849b',
  time: '2026-11-22T09:30:00.000Z',
  tokenId: '35445779-b11b-466e-9611-a4ba0a6b9a7d',
  subject: 'arn:aws:iam::111122223333:role/orders-service',
  account: '111122223333',
  session: 'i-0abc1234def567890',
  audience: 'orders-db',
  authorizationDetails: [read],
  access: 'read' as const,
  expiresIn: 600,
  sourceIp: '203.0.113.7',
  requestId: 'b1cabfe6-1cd9-46c2-8b83-ef498cd9fc8e',
  reason: 'nightly report',
  policyBundle: 'e6f799cf4824299250d11b89df2f58ed16852a601f218e5ca43278d115032c70',
};

const vended = {
  ...asked,
  issuedAt: '2026-11-22T09:30:00.000Z',
  expiresAt: '2026-11-22T09:40:00.000Z',
  keyId: 'I_wJM2zijKztH37L7cONzXJCNJrFcDZaflZaqkv0Ip8',
  policies: ['orders-service-reads-orders'],
};

/** One example of each audit event, for the documentation. */
export const auditEventExamples: AuditEvent[] = [
  { detailType: 'Token Issued', detail: vended },
  {
    detailType: 'Token Denied',
    detail: {
      ...asked,
      authorizationDetails: [{ ...read, actions: ['write'] }],
      access: 'write',
      denial: 'policy',
      policies: [],
      policyErrors: [],
    },
  },
  { detailType: 'Token Failed', detail: { ...vended, time: '2026-11-22T09:30:00.150Z', failure: 'signing_failed' } },
  {
    detailType: 'Token Revoked',
    detail: {
      ...vended,
      time: '2026-11-22T09:35:00.000Z',
      revokedAt: '2026-11-22T09:35:00.000Z',
      revokedBy: 'security.team',
      revocationReason: 'laptop stolen',
    },
  },
];

/** One example of a request to revoke. */
export const revocationRequestedExample = {
  version: '1',
  tokenId: asked.tokenId,
  reason: 'laptop stolen',
} as const;
