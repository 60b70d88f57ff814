import * as z from 'zod';
import { transmittedEventType } from './security-event.ts';
import { name, visibleText } from './text.ts';

// A receiver's stream, as the stream management API of the OpenID Shared Signals Framework 1.0 (SSF, section 8.1) shows it.

/**
 * The interval in seconds at which a receiver may request a verification event (SSF 1.0, section 8.1.1). It is limited
 * because each request is an audit event.
 */
export const MIN_VERIFICATION_INTERVAL = 60;

const streamId = name.meta({ description: 'The id of the stream: the receiver’s `name` in the configuration.' });

/** `GET /security-events/streams` (SSF 1.0, section 8.1.1.2). */
export const streamConfigurationRequest = z.strictObject({ stream_id: streamId.optional() });

/** `GET /security-events/status` (SSF 1.0, section 8.1.2.1). */
export const streamStatusRequest = z.strictObject({ stream_id: streamId });

/** `POST /security-events/verification` (SSF 1.0, section 8.1.4.2). */
export const verificationRequest = z
  .strictObject({
    stream_id: streamId,
    state: visibleText.optional().meta({ description: 'Any text. The verification event repeats it.' }),
  })
  .meta({ id: 'VerificationRequest', description: 'A request for a verification event (SSF 1.0).' });
export type VerificationRequest = z.infer<typeof verificationRequest>;

/** A stream's configuration (SSF 1.0, section 8.1.1). */
export const streamConfiguration = z
  .object({
    stream_id: streamId,
    iss: z.string().meta({ description: 'The issuer URL of the service.' }),
    aud: z.string().meta({ description: 'The `aud` of the stream’s security event tokens.' }),
    delivery: z.object({ method: z.enum(['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936']), endpoint_url: z.string() }).meta({
      description:
        '`urn:ietf:rfc:8935`: SETs are pushed to `endpoint_url`. `urn:ietf:rfc:8936`: SETs are polled there.',
    }),
    events_supported: z.array(transmittedEventType),
    events_delivered: z.array(transmittedEventType).meta({ description: 'The event types of this stream.' }),
    min_verification_interval: z
      .int()
      .meta({ description: 'Minimum number of seconds between two verification requests.' }),
  })
  .meta({ id: 'StreamConfiguration', description: 'The configuration of a stream of security events (SSF 1.0).' });
export type StreamConfiguration = z.infer<typeof streamConfiguration>;

/** The stream that the request names, or all streams of the receiver. */
export const streamConfigurationResponse = z.union([streamConfiguration, z.array(streamConfiguration)]).meta({
  id: 'StreamConfigurationResponse',
  description: 'The stream that `stream_id` names; without it, an array of the caller’s streams.',
});

/** A stream's status (SSF 1.0, section 8.1.2.1). Every configured stream is enabled. */
export const streamStatus = z
  .object({ stream_id: streamId, status: z.literal('enabled') })
  .meta({ id: 'StreamStatus', description: 'The status of a stream of security events (SSF 1.0).' });
export type StreamStatus = z.infer<typeof streamStatus>;
