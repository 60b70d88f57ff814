import * as z from 'zod';
import { authorizationDetails } from './authorization-details.ts';
import { subject } from './subject.ts';
import { name, reason, tokenId } from './text.ts';

// Events are camelCase, as EventBridge's own are; inside `authorizationDetails` the names are RFC 9396's.

/** The `source` of every audit event. Only the machine's publisher may put it on the bus. */
export const AUDIT_SOURCE = 'tvm';

/** The detail type that asks the machine to revoke. */
export const REVOCATION_REQUESTED = 'Revocation Requested';

const time = z.iso.datetime();

/** What every audit event says: who asked for what, from where, and when. */
const decision = z.object({
  version: z.literal('1').meta({ description: 'The version of this schema.' }),
  eventId: z.string().meta({ description: 'The same when an event is delivered again: deduplicate by it.' }),
  time: time.meta({ description: 'When it happened.' }),
  tokenId: tokenId,
  subject: name.meta({ description: 'The workload’s ARN, without the session.' }),
  account: z.string().meta({ description: 'The AWS account of the workload.' }),
  session: z.string().optional().meta({ description: 'The role session’s name, which the caller chose.' }),
  audience: name.meta({ description: 'The resource server that may accept the token.' }),
  authorizationDetails: authorizationDetails,
  expiresIn: z.int().meta({ description: 'Lifetime asked for or given, in seconds.' }),
  sourceIp: z.string().meta({ description: 'The address that the request came from.' }),
  requestId: z.string().meta({ description: 'The request’s id, as in the answer and the logs.' }),
  reason: reason.optional(),
});

const vended = decision.extend({
  issuedAt: time.meta({ description: 'When it was vended.' }),
  expiresAt: time.meta({ description: 'When it ends.' }),
  keyId: z.string().meta({ description: 'The `kid` of the key that signs.' }),
  policies: z.array(z.string()).meta({ description: 'The policies that permitted it, by `@id`.' }),
});

export const tokenIssued = vended.meta({ id: 'TokenIssued', description: 'A token was vended.' });

export const tokenDenied = decision
  .extend({
    denial: z.enum(['policy', 'unsupported_identity']).meta({ description: 'Why it was refused.' }),
    policies: z.array(z.string()).meta({ description: 'The policies that forbade it; none: no policy permits it.' }),
    policyErrors: z.array(z.string()).meta({ description: 'The policies that could not be evaluated.' }),
  })
  .meta({ id: 'TokenDenied', description: 'A request was refused.' });

export const tokenFailed = vended
  .extend({
    failure: z.enum(['record_unconfirmed', 'signing_failed', 'watermark_unreadable', 'subject_revoked']).meta({
      description: 'Why no token left although its issuing was recorded.',
    }),
  })
  .meta({ id: 'TokenFailed', description: 'The token of an earlier `Token Issued` never left the machine.' });

export const tokenRevoked = vended
  .extend({
    revokedAt: time.meta({ description: 'When it was taken back.' }),
    revokedBy: z.string().meta({ description: 'The ARN of who revoked it, or the source of the event that did.' }),
    revocationReason: reason.optional(),
  })
  .meta({ id: 'TokenRevoked', description: 'A token was taken back before its time.' });

/** The audit events by detail type. */
export const auditEvents = {
  'Token Issued': tokenIssued,
  'Token Denied': tokenDenied,
  'Token Failed': tokenFailed,
  'Token Revoked': tokenRevoked,
} as const;

/** An audit event as it is put on the bus: its detail type and its detail. */
export type AuditEvent = {
  [Type in keyof typeof auditEvents]: { detailType: Type; detail: z.infer<(typeof auditEvents)[Type]> };
}[keyof typeof auditEvents];

/** What security tools put on the bus to have tokens taken back. Anything unknown in it is refused. */
export const revocationRequested = z
  .strictObject({
    version: z.literal('1', { error: 'must be 1' }).optional(),
    tokenId: tokenId.optional(),
    subject: subject.optional(),
    reason: reason.optional(),
  })
  .refine((detail) => (detail.tokenId === undefined) !== (detail.subject === undefined), {
    path: ['tokenId'],
    error: 'or subject must be given, one of the two',
  })
  .meta({ id: 'RevocationRequested', description: 'Take back one token, or every token of a subject.' });
