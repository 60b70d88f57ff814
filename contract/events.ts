import * as z from 'zod';
import { authorizationDetail } from './authorization-details.ts';
import { happened, oversightEvents } from './oversight-events.ts';
import { allowUnknown, askedRevocation, askedRevocationSchema, blockFor, said } from './revocation.ts';
import { revocationSelector, selectorFields, task } from './selector.ts';
import { name, reason, tokenId } from './text.ts';
import { obligations } from './token.ts';

// Events are camelCase, as EventBridge's own are; inside `authorizationDetails` the names are RFC 9396's.

/** The `source` of every audit event. Only the machine's publisher may put it on the bus. */
export const AUDIT_SOURCE = 'tvm';

/** The detail type that asks the machine to revoke. */
export const REVOCATION_REQUESTED = 'Revocation Requested';

const time = z.iso.datetime();

/** What every audit event says: who asked for what, from where, and when. */
const decision = z.object({
  ...happened,
  tokenId: tokenId,
  subject: name.meta({ description: 'The workload’s ARN, without the session.' }),
  account: z.string().meta({ description: 'The AWS account of the workload.' }),
  session: z.string().optional().meta({ description: 'The role session’s name, which the caller chose.' }),
  audience: z
    .string()
    .meta({ description: 'The resource server that may accept the token; empty for a role without one.' }),
  authorizationDetails: z.array(authorizationDetail).meta({
    description: 'What was given, or asked for when it was refused; empty for a role that cannot be taken.',
  }),
  access: z.enum(['none', 'read', 'write', 'read-write']).meta({
    description: 'All that these details let do somewhere: tells a token that writes by one look.',
  }),
  role: z.string().optional().meta({ description: 'The role that was taken, or asked for.' }),
  expiresIn: z.int().meta({ description: 'Lifetime asked for or given, in seconds.' }),
  sourceIp: z.string().meta({ description: 'The address that the request came from.' }),
  requestId: z.string().meta({ description: 'The request’s id, as in the answer and the logs.' }),
  reason: reason.optional(),
  task: task.optional(),
  policyBundle: z.string().meta({ description: 'The hash of the policy bundle that decided.' }),
  conditions: z
    .array(z.string())
    .optional()
    .meta({ description: 'The further conditions that refused it, or a part of it.' }),
});

const vended = decision.extend({
  issuedAt: time.meta({ description: 'When it was vended.' }),
  expiresAt: time.meta({ description: 'When it ends.' }),
  keyId: z.string().meta({ description: 'The `kid` of the key that signs.' }),
  policies: z.array(z.string()).meta({ description: 'The policies that permitted it, by `@id`.' }),
  obligations: obligations.optional(),
  statusList: z
    .object({ list: z.int().positive(), index: z.int().nonnegative() })
    .meta({ description: 'Its place in the status lists: the list’s number, and the bit in it.' }),
  requested: z.array(authorizationDetail).optional().meta({
    description: 'What was asked for, where it was to be given in part.',
  }),
  policyErrors: z.array(z.string()).optional().meta({
    description: 'The policies that could not be evaluated, and so kept a part from it.',
  }),
});

export const tokenIssued = vended.meta({ id: 'TokenIssued', description: 'A token was vended.' });

export const tokenDenied = decision
  .extend({
    denial: z
      .enum([
        'policy',
        'role_unavailable',
        'reason_missing',
        'further_condition',
        'subject_revoked',
        'subject_blocked',
        'undecided',
        'unsupported_identity',
      ])
      .meta({
        description:
          'Why: policy does not allow it; there is no such role, or the workload lacks an attribute that it needs; ' +
          'policy asks for a reason; a further condition refused; the tokens of the workload are revoked; the workload is ' +
          'blocked; it could not be decided; the caller is neither role nor user.',
      }),

    policies: z.array(z.string()).meta({ description: 'The policies that forbade it; none: no policy permits it.' }),
    policyErrors: z.array(z.string()).meta({ description: 'The policies that could not be evaluated.' }),
  })
  .meta({ id: 'TokenDenied', description: 'A request was refused.' });

export const tokenFailed = vended
  .extend({
    failure: z
      .enum([
        'record_unconfirmed',
        'signing_failed',
        'standing_unreadable',
        'stored_late',
        'subject_revoked',
        'subject_blocked',
        'subject_limited',
      ])
      .meta({ description: 'Why no token left although its issuing was recorded.' }),
  })
  .meta({ id: 'TokenFailed', description: 'The token of an earlier `Token Issued` never left the machine.' });

export const tokenRevoked = vended
  .extend({
    revokedAt: time.meta({ description: 'When it was taken back.' }),
    revokedBy: z.string().meta({ description: 'The ARN of who revoked it, or the source of the event that did.' }),
    revocationReason: reason.optional(),
    revocationId: z.string().optional().meta({ description: 'The revocation that selected it, where one did.' }),
  })
  .meta({ id: 'TokenRevoked', description: 'A token was taken back before its time.' });

export const tokenExpired = vended.meta({
  id: 'TokenExpired',
  description: 'A token came to its end by itself; `time` is when.',
});

/** The audit events by detail type. */
export const auditEvents = {
  'Token Issued': tokenIssued,
  'Token Denied': tokenDenied,
  'Token Failed': tokenFailed,
  'Token Revoked': tokenRevoked,
  'Token Expired': tokenExpired,
  ...oversightEvents,
} as const;

/** The events of a token's life: each has all that its record says. */
export type TokenEvent = Extract<
  AuditEvent,
  { detailType: 'Token Issued' | 'Token Denied' | 'Token Failed' | 'Token Revoked' | 'Token Expired' }
>;

/** An audit event as it is put on the bus: its detail type and its detail. */
export type AuditEvent = {
  [Type in keyof typeof auditEvents]: { detailType: Type; detail: z.infer<(typeof auditEvents)[Type]> };
}[keyof typeof auditEvents];

/** What security tools put on the bus to have tokens taken back. Anything unknown in it is refused. */
export const revocationRequested = z
  .strictObject({
    version: z.literal('1', { error: 'must be 1' }).optional(),
    ...selectorFields,
    all: revocationSelector.shape.all,
    reason: reason.optional(),
    blockFor: blockFor.optional(),
    allowUnknown: allowUnknown.optional(),
  })
  .transform(({ version, reason, blockFor, allowUnknown, ...selector }, context) =>
    askedRevocation({ selector: said(selector), reason, blockFor, allowUnknown }, context),
  )
  .meta({
    id: 'RevocationRequested',
    description: 'Which tokens to revoke. Of several members, all must hold.',
    ...askedRevocationSchema(Object.keys(revocationSelector.shape), 'blockFor'),
  });
