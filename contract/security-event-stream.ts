import * as z from 'zod';
import { transmittedEventType } from './security-event.ts';
import { name, visibleText } from './text.ts';

// A receiver's stream, as the stream management API of the OpenID Shared Signals Framework 1.0 (SSF, section 8.1) shows it.

/**
 * Seconds: a verification is an event in the audit, and a receiver may ask for one in each period of this length
 * (SSF 1.0, section 8.1.1).
 */
export const MIN_VERIFICATION_INTERVAL = 60;

const streamId = name.meta({ description: 'The stream: the receiver’s `name` in the configuration.' });

/** `GET /security-events/streams` (SSF 1.0, section 8.1.1.2). */
export const streamConfigurationRequest = z.strictObject({ stream_id: streamId.optional() });

/** `GET /security-events/status` (SSF 1.0, section 8.1.2.1). */
export const streamStatusRequest = z.strictObject({ stream_id: streamId });

/** `POST /security-events/verification` (SSF 1.0, section 8.1.4.2). */
export const verificationRequest = z
  .strictObject({
    stream_id: streamId,
    state: visibleText.optional().meta({ description: 'Any text, which the verification event repeats.' }),
  })
  .meta({ id: 'VerificationRequest', description: 'A receiver asks for a verification event (SSF 1.0).' });
export type VerificationRequest = z.infer<typeof verificationRequest>;

/** A stream's configuration (SSF 1.0, section 8.1.1). */
export const streamConfiguration = z
  .object({
    stream_id: streamId,
    iss: z.string().meta({ description: 'The service: its issuer URL.' }),
    aud: z.string().meta({ description: 'The `aud` of the stream’s security event tokens.' }),
    delivery: z
      .object({ method: z.enum(['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936']), endpoint_url: z.string() })
      .meta({ description: '`urn:ietf:rfc:8935`: pushed to this URL. `urn:ietf:rfc:8936`: polled there.' }),
    events_supported: z.array(transmittedEventType),
    events_delivered: z.array(transmittedEventType).meta({ description: 'The types that this stream has.' }),
    min_verification_interval: z.int().meta({ description: 'Seconds between two verification requests.' }),
  })
  .meta({ id: 'StreamConfiguration', description: 'The configuration of a stream of security events (SSF 1.0).' });
export type StreamConfiguration = z.infer<typeof streamConfiguration>;

/** One stream where the request names it, otherwise all of the receiver. */
export const streamConfigurationResponse = z.union([streamConfiguration, z.array(streamConfiguration)]).meta({
  id: 'StreamConfigurationResponse',
  description: 'The stream that `stream_id` names; without it, an array of the caller’s streams.',
});

/** A stream's status (SSF 1.0, section 8.1.2.1). A stream that the configuration has is enabled. */
export const streamStatus = z
  .object({ stream_id: streamId, status: z.literal('enabled') })
  .meta({ id: 'StreamStatus', description: 'The status of a stream of security events (SSF 1.0).' });
export type StreamStatus = z.infer<typeof streamStatus>;
