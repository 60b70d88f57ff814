import * as z from 'zod';
import { action, location } from './authorization-details.ts';
import { revocationSelector } from './selector.ts';
import { name, reason, tokenId, visibleText } from './text.ts';

// What is done about tokens, and seen of them, besides vending and ending them.

const time = z.iso.datetime();

/** What every audit event has. */
export const happened = {
  version: z.literal('1').meta({ description: 'The version of this schema.' }),
  eventId: z.string().meta({ description: 'The same when an event is delivered again: deduplicate by it.' }),
  time: time.meta({ description: 'When it happened.' }),
};

const subject = name.meta({ description: 'The workload’s ARN, without the session.' });
const by = z.string().meta({ description: 'The ARN of who did it, or the source of the event that did.' });
const until = time.meta({ description: 'Until when it holds.' });

export const tokenIntrospected = z
  .object({
    ...happened,
    tokenId,
    subject,
    audience: name,
    by: z.string().meta({ description: 'The ARN of the resource server that asked.' }),
    result: z
      .enum(['active', 'revoked'])
      .meta({ description: 'What it was told; `revoked` as no more than inactive.' }),
    count: z
      .int()
      .positive()
      .meta({ description: 'The how manieth time in this minute, by this server, so answered.' }),
  })
  .meta({
    id: 'TokenIntrospected',
    description:
      'A resource server asked about a token. All are in the archive; on the bus is the first in a minute about a revoked one.',
  });

export const tokenUsed = z
  .object({
    ...happened,
    tokenId,
    subject,
    audience: name,
    by: z.string().meta({ description: 'The ARN of the resource server that reports it.' }),
    action,
    location,
    outcome: z.enum(['allowed', 'refused']).meta({ description: 'What the resource server did.' }),
  })
  .meta({ id: 'TokenUsed', description: 'A resource server reports a use of a token.' });

export const revocationOrdered = z
  .object({
    ...happened,
    revocationId: z.string().meta({ description: 'Names the revocation: in `Token Revoked` and its completion too.' }),
    selector: revocationSelector,
    revokedBefore: time.meta({ description: 'Tokens vended until then are taken back.' }),
    from: time.optional().meta({ description: 'From when on; without it, at once.' }),
    by,
    reason: reason.optional(),
  })
  .meta({ id: 'RevocationOrdered', description: 'Tokens are to be taken back.' });

export const revocationCompleted = z
  .object({
    ...happened,
    revocationId: z.string(),
    revoked: z.int().nonnegative().meta({ description: 'How many tokens it revoked.' }),
    selector: revocationSelector.optional().meta({
      description: 'Only without a `Revocation Ordered`: the one token that was to be revoked, and was not active.',
    }),
    by: by.optional(),
    reason: reason.optional(),
  })
  .meta({
    id: 'RevocationCompleted',
    description:
      'Every token that a revocation selects is revoked. A revocation of one token has this event only if it revoked nothing.',
  });

export const revocationRefused = z
  .object({
    ...happened,
    via: z.enum(['event', 'security_event']).meta({ description: 'An event on a bus, or a security event token.' }),
    from: z.string().meta({ description: 'Its source and account, or its issuer, as far as it says.' }),
    problem: z.string().meta({ description: 'What is wrong with it, in a sentence.' }),
  })
  .meta({ id: 'RevocationRefused', description: 'Something asked to revoke that is not obeyed.' });

export const subjectBlocked = z
  .object({ ...happened, subject, until, by, reason: reason.optional() })
  .meta({ id: 'SubjectBlocked', description: 'A workload gets no token for a time.' });

export const subjectUnblocked = z
  .object({ ...happened, subject, by, reason: reason.optional() })
  .meta({ id: 'SubjectUnblocked', description: 'A blocked workload may have tokens again, before the time was over.' });

export const subjectLimited = z
  .object({
    ...happened,
    subject,
    until,
    lifetime: z.int().positive().meta({ description: 'The longest that its tokens live meanwhile, in seconds.' }),
    by,
    reason: reason.optional(),
  })
  .meta({ id: 'SubjectLimited', description: 'A workload gets short tokens alone for a time.' });

export const anomalyDetected = z
  .object({
    ...happened,
    detector: z.enum([
      'issuing-spike',
      'denial-spike',
      'new-network',
      'new-resource',
      'beyond-grants',
      'revoked-token-use',
    ]),
    severity: z.enum(['low', 'medium', 'high']),
    subject: subject.optional().meta({ description: 'The workload; absent: seen over all of them.' }),
    tokenId: tokenId.optional(),
    observed: z.number().meta({ description: 'What was counted.' }),
    usual: z.number().meta({ description: 'What was to be expected.' }),
    window: z.int().positive().meta({ description: 'Over how many seconds.' }),
    what: z.string().meta({ description: 'One sentence for a person.' }),
    response: z.enum(['notify', 'shorten', 'block']).meta({ description: 'What the machine does about it by itself.' }),
  })
  .meta({ id: 'AnomalyDetected', description: 'A workload, or all of them together, did what is unusual.' });

export const policyChanged = z
  .object({
    ...happened,
    before: z.string().optional().meta({ description: 'The hash of the bundle that decided; absent: there was none.' }),
    after: z.string().meta({ description: 'The hash of the bundle that decides.' }),
  })
  .meta({ id: 'PolicyChanged', description: 'Other policies decide: seen within a minute of their deployment.' });

export const signingKeysChanged = z
  .object({
    ...happened,
    before: z.array(z.string()).meta({ description: 'The ARNs of the keys there were, the one that signs first.' }),
    after: z.array(z.string()).meta({ description: 'The ARNs of the keys there are, the one that signs first.' }),
  })
  .meta({ id: 'SigningKeysChanged', description: 'Other keys sign or verify: seen within a minute.' });

export const securityEventReceived = z
  .object({
    ...happened,
    issuer: z.string().meta({ description: 'Who transmitted it.' }),
    jti: z.string().meta({ description: 'The identifier of the security event token.' }),
    type: z.string().meta({ description: 'The type of the event, a URI.' }),
    revocationId: z.string().meta({ description: 'The revocation that it ordered.' }),
  })
  .meta({ id: 'SecurityEventReceived', description: 'A security event token of a trusted transmitter was obeyed.' });

export const verificationRequested = z
  .object({
    ...happened,
    receiver: name.meta({ description: 'The receiver of security events, by its name in the configuration.' }),
    by: z.string().meta({ description: 'The ARN of the receiver’s principal.' }),
    state: visibleText
      .optional()
      .meta({ description: 'What the verification event repeats, as the receiver gave it.' }),
  })
  .meta({
    id: 'VerificationRequested',
    description: 'A receiver of security events asked for a verification event.',
  });

/** What is done about tokens and seen of them, by detail type. */
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
