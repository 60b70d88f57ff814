import * as z from 'zod';
import { isDistinct } from './distinct.ts';
import { limits } from './limits.ts';
import { principal } from './subject.ts';
import { exactAudience } from './text.ts';

// Security event tokens (RFC 8417) of the OpenID Shared Signals Framework 1.0 (SSF) and its profiles CAEP 1.0 and RISC 1.0.

/** The media type of a security event token, without `application/` (RFC 8417, section 2.3). */
export const SECURITY_EVENT_TYPE = 'secevent+jwt';

const EVENT_TYPES = 'https://schemas.openid.net/secevent';

/** CAEP 1.0, section 3.1. */
export const SESSION_REVOKED = `${EVENT_TYPES}/caep/event-type/session-revoked`;
/** CAEP 1.0, section 3.2. */
export const TOKEN_CLAIMS_CHANGE = `${EVENT_TYPES}/caep/event-type/token-claims-change`;

/** The event types about tokens and workloads that receivers can subscribe to in the configuration. */
export const transmittedEventType = z.enum([SESSION_REVOKED, TOKEN_CLAIMS_CHANGE], {
  error: `must be ${SESSION_REVOKED} or ${TOKEN_CLAIMS_CHANGE}`,
});

/** The received event types that revoke tokens: sessions that were revoked, and accounts that must not be used any more. */
export const REVOKING_EVENTS: ReadonlySet<string> = new Set([
  SESSION_REVOKED,
  `${EVENT_TYPES}/risc/event-type/account-disabled`,
  `${EVENT_TYPES}/risc/event-type/account-purged`,
  `${EVENT_TYPES}/risc/event-type/credential-compromise`,
]);

/** The event that shows that a stream works (SSF 1.0, section 8.1.4.1). Every receiver may request it. */
export const VERIFICATION = `${EVENT_TYPES}/ssf/event-type/verification`;

/** The event types about the stream itself (SSF 1.0, sections 8.1.4.1 and 8.1.5). They need no action. */
export const STREAM_EVENTS: ReadonlySet<string> = new Set([
  VERIFICATION,
  `${EVENT_TYPES}/ssf/event-type/stream-updated`,
]);

/**
 * The subject of an event in one format (RFC 9493, section 3.2; `jwt_id`: SSF 1.0, section 3.5.1). RFC 9493, section 3,
 * allows only the members of the format.
 */
const simpleSubject = z.discriminatedUnion(
  'format',
  [
    z.strictObject({ format: z.literal('iss_sub'), iss: z.string(), sub: z.string() }),
    z.strictObject({ format: z.literal('jwt_id'), iss: z.string(), jti: z.string() }),
    z.strictObject({ format: z.literal('opaque'), id: z.string() }),
    z.strictObject({ format: z.literal('uri'), uri: z.string() }),
  ],
  { error: 'must have the format iss_sub, jwt_id, opaque or uri' },
);
export type SimpleSubject = z.infer<typeof simpleSubject>;

/**
 * A subject that is described by several simple subjects together (SSF 1.0, section 3.3). Unknown members are refused:
 * ignoring one would revoke more than the transmitter requested.
 */
const complexSubject = z.strictObject({
  format: z.literal('complex'),
  user: simpleSubject.optional(),
  session: simpleSubject.optional(),
});

export const securityEventSubject = z.union([complexSubject, simpleSubject], {
  error: 'must be a subject identifier: iss_sub, jwt_id, opaque, uri, or complex with user and session of these',
});
export type SecurityEventSubject = z.infer<typeof securityEventSubject>;

const absent = z.never({ error: 'must be absent' }).optional();

/** The claims of a received security event token. Unknown claims are ignored (SSF 1.0, section 4.2.3). */
export const securityEventClaims = z.object({
  iss: z.string(),
  jti: z
    .string({ error: 'must be text' })
    .min(1, { error: 'must not be empty' })
    .max(limits.jtiLength, { error: `must have at most ${limits.jtiLength} characters` }),
  iat: z.number(),
  // These must be absent, so that no other kind of token passes as a SET (SSF 1.0, sections 4.1.2 and 4.1.7).
  sub: absent,
  exp: absent,
  sub_id: z.record(z.string(), z.unknown(), { error: 'must be a subject identifier' }),
  events: z
    .record(z.string(), z.record(z.string(), z.unknown()), { error: 'must be an object of events' })
    .refine((events) => Object.keys(events).length === 1, { error: 'must contain exactly one event' }),
});
export type SecurityEventClaims = z.infer<typeof securityEventClaims>;

const localized = z.object({ en: z.string() });

/** The fields of every transmitted CAEP event (CAEP 1.0, section 2). */
const told = {
  event_timestamp: z.int().meta({ description: 'When it happened: seconds since the epoch.' }),
  initiating_entity: z.enum(['admin', 'user', 'system']).meta({
    description: '`user`: the workload itself. `admin`: an operator. `system`: an event or the service.',
  }),
  reason_admin: localized.meta({ description: 'The reason that was given, if there is one.' }),
};

/** The claims of a security event token that the service transmits. */
export const transmittedClaims = z
  .strictObject({
    iss: z.string().meta({ description: 'The issuer URL of the service.' }),
    jti: z.string().meta({ description: 'Stays the same if the SET is sent again. Use it to deduplicate.' }),
    iat: z.int().meta({ description: 'When it happened: seconds since the epoch.' }),
    aud: z.string().meta({ description: 'The receiver’s audience in the configuration.' }),
    txn: z.string().meta({ description: 'The same for all SETs with the same cause.' }),
    sub_id: securityEventSubject.meta({
      description:
        'For one token: `complex`, with the workload as `user` (`iss_sub`) and the token as `session` (`jwt_id`). For all ' +
        'tokens of a workload: `iss_sub`. For a verification: the stream, as `opaque`.',
    }),
    events: z
      .union([
        z.strictObject({ [SESSION_REVOKED]: z.strictObject(told) }),
        z.strictObject({
          [TOKEN_CLAIMS_CHANGE]: z.strictObject({
            ...told,
            claims: z.strictObject({ exp: z.int() }).meta({ description: 'The new latest expiry of the tokens.' }),
          }),
        }),
        z.strictObject({ [VERIFICATION]: z.strictObject({ state: z.string().optional() }) }),
      ])
      .meta({
        description:
          'One CAEP event, `session-revoked` or `token-claims-change`, with `event_timestamp`, `initiating_entity` and ' +
          '`reason_admin`. `token-claims-change` also has `claims` with `exp`, the new latest expiry of the tokens. Or the SSF ' +
          'event `verification`, with the `state` of the request.',
      }),
  })
  .meta({ id: 'SecurityEvent', description: 'The claims of a security event token (SET) that the service transmits.' });
export type TransmittedClaims = z.infer<typeof transmittedClaims>;

/** Why a security event token is not accepted (RFC 8935, section 2.4). */
export const securityEventErrorCode = z.enum([
  'invalid_request',
  'invalid_key',
  'invalid_issuer',
  'invalid_audience',
  'authentication_failed',
  'access_denied',
]);
export type SecurityEventErrorCode = z.infer<typeof securityEventErrorCode>;

/** The 400 response of `POST /security-events`. */
export const securityEventError = z
  .object({
    err: securityEventErrorCode.meta({ description: 'RFC 8935, section 2.4.' }),
    description: z.string().meta({ description: 'One sentence for a person.' }),
  })
  .meta({ id: 'SecurityEventError', description: 'Why a security event token was not accepted.' });
export type SecurityEventError = z.infer<typeof securityEventError>;

/** Reports whether a URL may receive security events or serve keys: https, or http on this computer; no credentials. */
export function isEndpoint(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username || url.password || /[#\s]/.test(text) || text.length > limits.nameLength)
    return false;
  if (url.hostname.includes('*')) return false;
  return url.protocol === 'https:' || isPlainHttpHere(text);
}

/** Reports whether a URL is plain http on this computer, which only emulators may use. */
export function isPlainHttpHere(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
}

const endpoint = (error: string) => z.string({ error }).refine(isEndpoint, { error });

/** The settings of every receiver. */
const receiverSettings = {
  name: z
    .string({ error: 'must be a name' })
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, { error: 'must be at most 32 lower-case letters, digits and -' }),
  audience: exactAudience,
  events: z
    .array(transmittedEventType, { error: 'must be an array of event types' })
    .min(1, { error: 'must name an event type, or be absent for all' })
    .refine(isDistinct, { error: 'must name each event type once' })
    .default([...transmittedEventType.options]),
};

/** A receiver of security events in the configuration. The service pushes events to it, or it polls. */
export const securityEventReceiver = z.discriminatedUnion(
  'delivery',
  [
    z.strictObject({
      ...receiverSettings,
      delivery: z.literal('push').default('push'),
      url: endpoint('must be an https URL without credentials and fragment'),
      principal: principal.optional(),
    }),
    z.strictObject({ ...receiverSettings, delivery: z.literal('poll'), principal }),
  ],
  { error: 'must be push, with url, or poll, with principal' },
);
export type SecurityEventReceiver = z.infer<typeof securityEventReceiver>;

/** A transmitter in the configuration, whose security events revoke tokens. */
export const trustedTransmitter = z.strictObject({
  issuer: endpoint('must be the https URL that its security event tokens carry as iss'),
  jwks_uri: endpoint('must be an https URL without credentials and fragment'),
  audience: exactAudience,
});
export type TrustedTransmitter = z.infer<typeof trustedTransmitter>;
