import * as z from 'zod';
import { action, location } from './authorization-details.ts';
import { revocationSelector } from './selector.ts';
import { name, reason, tokenId, visibleText } from './text.ts';

// Events about tokens other than their issue, denial, failure, revocation and expiry.

const time = z.iso.datetime();

/** The fields of every audit event. */
export const eventFields = {
  version: z.literal('1').meta({ description: 'The version of this schema.' }),
  eventId: z.string().meta({ description: 'Stays the same if the event is delivered again. Use it to deduplicate.' }),
  time: time.meta({ description: 'When it happened.' }),
};

const subject = name.meta({ description: 'The workload’s ARN, without the session.' });
const by = z.string().meta({ description: 'The ARN of the caller, or the source of the event that caused it.' });
const until = time.meta({ description: 'When it ends.' });

export const tokenIntrospected = z
  .object({
    ...eventFields,
    tokenId,
    subject,
    audience: name,
    by: z.string().meta({ description: 'The ARN of the resource server that sent the request.' }),
    result: z
      .enum(['active', 'revoked'])
      .meta({ description: 'The result. The response does not tell `revoked` from other reasons for inactive.' }),
    count: z
      .int()
      .positive()
      .meta({ description: 'How often this resource server has got this result for the token within this minute.' }),
  })
  .meta({
    id: 'TokenIntrospected',
    description:
      'A resource server introspected a token. The archive has every such event. The bus has only the first per minute for a ' +
      'revoked token.',
  });

export const tokenUsed = z
  .object({
    ...eventFields,
    tokenId,
    subject,
    audience: name,
    by: z.string().meta({ description: 'The ARN of the resource server that reported it.' }),
    action,
    location,
    outcome: z.enum(['allowed', 'refused']).meta({ description: 'What the resource server did.' }),
  })
  .meta({ id: 'TokenUsed', description: 'A resource server reported a use of a token.' });

export const revocationOrdered = z
  .object({
    ...eventFields,
    revocationId: z
      .string()
      .meta({ description: 'The id of the revocation, as in its `Token Revoked` and `Revocation Completed` events.' }),
    selector: revocationSelector,
    revokedBefore: time.meta({ description: 'Tokens issued until this time are revoked.' }),
    from: time.optional().meta({ description: 'When the revocation starts; absent if it starts at once.' }),
    by,
    reason: reason.optional(),
  })
  .meta({ id: 'RevocationOrdered', description: 'A revocation request was accepted.' });

export const revocationCompleted = z
  .object({
    ...eventFields,
    revocationId: z.string(),
    revoked: z.int().nonnegative().meta({ description: 'The number of tokens that it revoked.' }),
    selector: revocationSelector.optional().meta({
      description:
        'Selects the one token that was to be revoked but was not active. Absent after `Revocation Ordered`.',
    }),
    by: by.optional(),
    reason: reason.optional(),
  })
  .meta({
    id: 'RevocationCompleted',
    description:
      'Every token that the revocation selects is revoked. A revocation of one token causes this event only if it revoked ' +
      'nothing.',
  });

export const revocationRefused = z
  .object({
    ...eventFields,
    via: z.enum(['event', 'security_event']).meta({ description: 'An event on a bus, or a security event token.' }),
    from: z
      .string()
      .meta({ description: 'The source and account of the event, or the issuer of the token, if it names them.' }),
    problem: z.string().meta({ description: 'What is wrong with the request, in one sentence.' }),
  })
  .meta({ id: 'RevocationRefused', description: 'A revocation request in an event was refused.' });

export const subjectBlocked = z
  .object({ ...eventFields, subject, until, by, reason: reason.optional() })
  .meta({ id: 'SubjectBlocked', description: 'A workload was blocked: it gets no token until then.' });

export const subjectUnblocked = z
  .object({ ...eventFields, subject, by, reason: reason.optional() })
  .meta({ id: 'SubjectUnblocked', description: 'A block was lifted before it ended.' });

export const subjectLimited = z
  .object({
    ...eventFields,
    subject,
    until,
    lifetime: z.int().positive().meta({ description: 'Maximum lifetime of its tokens until then, in seconds.' }),
    by,
    reason: reason.optional(),
  })
  .meta({ id: 'SubjectLimited', description: 'A workload gets only short-lived tokens until then.' });

export const anomalyDetected = z
  .object({
    ...eventFields,
    detector: z.enum([
      'issuing-spike',
      'denial-spike',
      'new-network',
      'new-resource',
      'beyond-grants',
      'revoked-token-use',
    ]),
    severity: z.enum(['low', 'medium', 'high']),
    subject: subject
      .optional()
      .meta({ description: 'The workload; absent if the anomaly concerns all workloads together.' }),
    tokenId: tokenId.optional(),
    observed: z.number().meta({ description: 'The observed number.' }),
    usual: z.number().meta({ description: 'The expected number.' }),
    window: z.int().positive().meta({ description: 'The length of the time window, in seconds.' }),
    what: z.string().meta({ description: 'One sentence for a person.' }),
    response: z.enum(['notify', 'shorten', 'block']).meta({ description: 'The automatic response of the service.' }),
  })
  .meta({ id: 'AnomalyDetected', description: 'A workload, or all workloads together, behaved unusually.' });

export const policyChanged = z
  .object({
    ...eventFields,
    before: z
      .string()
      .optional()
      .meta({ description: 'The hash of the previous policy bundle; absent if there was none.' }),
    after: z.string().meta({ description: 'The hash of the current policy bundle.' }),
  })
  .meta({ id: 'PolicyChanged', description: 'The policy bundle changed. Detected within a minute of the deployment.' });

export const signingKeysChanged = z
  .object({
    ...eventFields,
    before: z.array(z.string()).meta({ description: 'The ARNs of the previous keys, the signing key first.' }),
    after: z.array(z.string()).meta({ description: 'The ARNs of the current keys, the signing key first.' }),
  })
  .meta({
    id: 'SigningKeysChanged',
    description: 'The keys that sign or verify tokens changed. Detected within a minute of the deployment.',
  });

export const securityEventReceived = z
  .object({
    ...eventFields,
    issuer: z.string().meta({ description: 'The issuer of the security event token.' }),
    jti: z.string().meta({ description: 'The `jti` of the security event token.' }),
    type: z.string().meta({ description: 'The type of the event, a URI.' }),
    revocationId: z.string().meta({ description: 'The revocation that it caused.' }),
  })
  .meta({ id: 'SecurityEventReceived', description: 'A security event token of a trusted transmitter was accepted.' });

export const verificationRequested = z
  .object({
    ...eventFields,
    receiver: name.meta({ description: 'The name of the receiver in the configuration.' }),
    by: z.string().meta({ description: 'The ARN of the receiver’s principal.' }),
    state: visibleText
      .optional()
      .meta({ description: 'The receiver’s `state`, which the verification event repeats.' }),
  })
  .meta({
    id: 'VerificationRequested',
    description: 'A receiver of security events requested a verification event.',
  });

/** The schemas of these events by detail type. */
export const oversightEvents = {
  'Token Introspected': tokenIntrospected,
  'Token Used': tokenUsed,
  'Revocation Ordered': revocationOrdered,
  'Revocation Completed': revocationCompleted,
  'Revocation Refused': revocationRefused,
  'Subject Blocked': subjectBlocked,
  'Subject Unblocked': subjectUnblocked,
  'Subject Limited': subjectLimited,
  'Anomaly Detected': anomalyDetected,
  'Policy Changed': policyChanged,
  'Signing Keys Changed': signingKeysChanged,
  'Security Event Received': securityEventReceived,
  'Verification Requested': verificationRequested,
} as const;
