import * as z from 'zod';
import { authorizationDetail } from './authorization-details.ts';
import { claims } from './claims.ts';
import { refusedProof } from './federation.ts';
import { eventFields, oversightEvents } from './oversight-events.ts';
import {
  allowUnknown,
  blockFor,
  requestedRevocation,
  requestedRevocationSchema,
  withoutUndefined,
} from './revocation.ts';
import { revocationSelector, selectorFields, task } from './selector.ts';
import { name, reason, tokenId } from './text.ts';
import { obligations } from './token.ts';

// Field names are camelCase, as in EventBridge's own events. Inside `authorizationDetails` they are those of RFC 9396.

/** The `source` of every audit event. Only the service's publisher may put events with this source on the bus. */
export const AUDIT_SOURCE = 'tvm';

/** The detail type of revocation requests on the bus. */
export const REVOCATION_REQUESTED = 'Revocation Requested';

const time = z.iso.datetime();

/** The fields of every event about a token request: who requested what, from where, and when. */
const decision = z.object({
  ...eventFields,
  tokenId: tokenId,
  subject: name.meta({ description: 'The workload: its ARN without the session, or its federated subject.' }),
  account: z.string().meta({ description: 'The AWS account of the workload; empty for a federated workload.' }),
  session: z
    .string()
    .optional()
    .meta({ description: 'The running workload: the role session’s name, which the caller chose, or a pod or a run.' }),
  claims: claims.optional(),
  chosenClaims: claims.optional().meta({
    description: 'The mapped claims that the federated workload chose itself. They decide nothing.',
  }),
  audience: z
    .string()
    .meta({ description: 'The resource server that may accept the token; empty for a role without an audience.' }),
  authorizationDetails: z.array(authorizationDetail).meta({
    description: 'What was granted, or requested if it was denied; empty for a role that cannot be assumed.',
  }),
  access: z.enum(['none', 'read', 'write', 'read-write']).meta({
    description:
      'What these details permit on any location. An action that counts as a write is `write`, any other is `read`.',
  }),
  role: z.string().optional().meta({ description: 'The role that was assumed or requested.' }),
  expiresIn: z.int().meta({ description: 'The requested or granted lifetime, in seconds.' }),
  sourceIp: z.string().meta({ description: 'The address that the request came from.' }),
  requestId: z.string().meta({ description: 'The id of the request, as in the response and in the logs.' }),
  reason: reason.optional(),
  task: task.optional(),
  policyBundle: z.string().meta({ description: 'The hash of the policy bundle that decided.' }),
  conditions: z
    .array(z.string())
    .optional()
    .meta({ description: 'The external authorizers that denied it, or a part of it.' }),
});

const vended = decision.extend({
  issuedAt: time.meta({ description: 'When the token was issued.' }),
  expiresAt: time.meta({ description: 'When the token expires.' }),
  keyId: z.string().meta({ description: 'The `kid` of the signing key.' }),
  policies: z.array(z.string()).meta({ description: 'The `@id` of each policy that permitted it.' }),
  obligations: obligations.optional(),
  statusList: z
    .object({ list: z.int().positive(), index: z.int().nonnegative() })
    .meta({ description: 'The number of the token’s status list, and its index there.' }),
  requested: z.array(authorizationDetail).optional().meta({
    description: 'What was requested, if the request allowed a partial grant.',
  }),
  policyErrors: z.array(z.string()).optional().meta({
    description: 'The policies that could not be evaluated. A part of the request was denied because of them.',
  }),
});

export const tokenIssued = vended.meta({ id: 'TokenIssued', description: 'A token was issued.' });

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
        'proof_refused',
        'proof_used',
      ])
      .meta({
        description:
          'Why the request was denied. `policy`: policy does not allow it. `role_unavailable`: there is no such role, or the ' +
          'workload lacks an attribute that the role needs. `reason_missing`: policy requires a reason. `further_condition`: ' +
          'an external authorizer denied it. `subject_revoked`: the workload’s tokens are revoked. `subject_blocked`: the ' +
          'workload is blocked. `undecided`: no decision could be made. `unsupported_identity`: the caller is neither an IAM ' +
          'role nor a user. `proof_refused`: the proof of another issuer was not accepted; `subject` is the name of the trust ' +
          'entry. `proof_used`: the proof may be used once, and was used before.',
      }),
    refusedProof: refusedProof.optional(),
    policies: z.array(z.string()).meta({ description: 'The policies that forbade it; empty if no policy permits it.' }),
    policyErrors: z.array(z.string()).meta({ description: 'The policies that could not be evaluated.' }),
  })
  .meta({ id: 'TokenDenied', description: 'A token request was denied.' });

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
      .meta({ description: 'Why the token was not delivered although its issue was recorded.' }),
  })
  .meta({ id: 'TokenFailed', description: 'The token of an earlier `Token Issued` event was never delivered.' });

export const tokenRevoked = vended
  .extend({
    revokedAt: time.meta({ description: 'When the token was revoked.' }),
    revokedBy: z
      .string()
      .meta({ description: 'The ARN of the caller who revoked it, or the source of the event that did.' }),
    revocationReason: reason.optional(),
    revocationId: z
      .string()
      .optional()
      .meta({ description: 'The revocation that selected the token, if there is one.' }),
  })
  .meta({ id: 'TokenRevoked', description: 'A token was revoked before it expired.' });

export const tokenExpired = vended.meta({
  id: 'TokenExpired',
  description: 'A token expired. `time` is its expiry time.',
});

/** The schemas of the audit events by detail type. */
export const auditEvents = {
  'Token Issued': tokenIssued,
  'Token Denied': tokenDenied,
  'Token Failed': tokenFailed,
  'Token Revoked': tokenRevoked,
  'Token Expired': tokenExpired,
  ...oversightEvents,
} as const;

/** The events of a token's life. Each contains the whole record of the token. */
export type TokenEvent = Extract<
  AuditEvent,
  { detailType: 'Token Issued' | 'Token Denied' | 'Token Failed' | 'Token Revoked' | 'Token Expired' }
>;

/** An audit event as published on the bus: its detail type and its detail. */
export type AuditEvent = {
  [Type in keyof typeof auditEvents]: { detailType: Type; detail: z.infer<(typeof auditEvents)[Type]> };
}[keyof typeof auditEvents];

/** The event that security tools put on the bus to revoke tokens. Unknown fields are refused. */
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
    requestedRevocation({ selector: withoutUndefined(selector), reason, blockFor, allowUnknown }, context),
  )
  .meta({
    id: 'RevocationRequested',
    description: 'Which tokens to revoke. A token must match every field that is given.',
    ...requestedRevocationSchema(Object.keys(revocationSelector.shape), 'blockFor'),
  });
