import { type SecurityEventReceiver, transmittedEventType } from '@tvm/contract/security-event.ts';
import {
  MIN_VERIFICATION_INTERVAL,
  type StreamConfiguration,
  type StreamStatus,
  type VerificationRequest,
} from '@tvm/contract/security-event-stream.ts';
import { parseCaller } from '../identity/caller.ts';
import type { Clock } from '../ports.ts';
import type { AuditFacts } from '../records/ports.ts';
import { METHODS } from './transmitter-metadata.ts';

/** Values that belong to receivers, by the ARN of the receiver's role or user. */
export type ByPrincipal<T> = Readonly<Record<string, T>>;

/** Returns the value that belongs to a caller. @param userArn the caller's ARN, as the gateway states it */
export function ownedBy<T>(userArn: string, all: ByPrincipal<T>): T | undefined {
  const principal = parseCaller(userArn)?.subject;
  return principal !== undefined && Object.hasOwn(all, principal) ? all[principal] : undefined;
}

export type NoStream = { kind: 'not_found'; what: 'stream' };

/** The response both for a stream of another receiver and for a stream that does not exist (SSF 1.0, section 8.1). */
const NO_STREAM: NoStream = { kind: 'not_found', what: 'stream' };

/**
 * Returns the configuration of the caller's stream.
 *
 * @param streamId the ID of the stream; if it is absent, all streams of the caller are returned as an array
 */
export function streamConfiguration(
  streamId: string | undefined,
  userArn: string,
  receivers: ByPrincipal<SecurityEventReceiver>,
  issuer: string,
): { kind: 'known'; configuration: StreamConfiguration | StreamConfiguration[] } | NoStream {
  const receiver = ownedBy(userArn, receivers);
  const own = receiver === undefined ? [] : [configurationOf(receiver, issuer)];
  if (streamId === undefined) return { kind: 'known', configuration: own };
  const named = own.find(({ stream_id }) => stream_id === streamId);
  return named === undefined ? NO_STREAM : { kind: 'known', configuration: named };
}

function configurationOf(receiver: SecurityEventReceiver, issuer: string): StreamConfiguration {
  const endpoint_url = receiver.delivery === 'push' ? receiver.url : `${issuer}/security-events/poll`;
  return {
    stream_id: receiver.name,
    iss: issuer,
    aud: receiver.audience,
    delivery: { method: METHODS[receiver.delivery], endpoint_url },
    events_supported: [...transmittedEventType.options],
    events_delivered: receiver.events,
    min_verification_interval: MIN_VERIFICATION_INTERVAL,
  };
}

/**
 * Returns the status of the caller's stream. It is always `enabled`: a receiver is disabled by removing it from the
 * configuration.
 */
export function streamStatus(
  streamId: string,
  userArn: string,
  receivers: ByPrincipal<SecurityEventReceiver>,
): { kind: 'known'; status: StreamStatus } | NoStream {
  if (ownedBy(userArn, receivers)?.name !== streamId) return NO_STREAM;
  return { kind: 'known', status: { stream_id: streamId, status: 'enabled' } };
}

/**
 * Requests a verification event over the caller's stream (SSF 1.0, section 8.1.4).
 *
 * The request is stored as a fact for the audit. The verification event is created from this fact, just as other events
 * are created from revocations, so that it tests the whole path. This function therefore needs neither a signing key
 * nor access to a queue. The ID of the fact allows one request in each period.
 */
export async function requestVerification(
  { stream_id, state }: VerificationRequest,
  userArn: string,
  receivers: ByPrincipal<SecurityEventReceiver>,
  { facts, clock }: { facts: AuditFacts; clock: Clock },
): Promise<{ kind: 'requested' } | { kind: 'too_soon'; retryAfter: number } | NoStream> {
  if (ownedBy(userArn, receivers)?.name !== stream_id) return NO_STREAM;
  const now = clock.now();
  const length = MIN_VERIFICATION_INTERVAL * 1000;
  const period = Math.floor(now / length);
  const by = parseCaller(userArn)?.subject ?? '';
  const isNew = await facts.put(`verification-${stream_id}-${period}`, {
    detailType: 'Verification Requested',
    detail: { time: new Date(now).toISOString(), receiver: stream_id, by, ...(state !== undefined && { state }) },
  });
  return isNew
    ? { kind: 'requested' }
    : { kind: 'too_soon', retryAfter: Math.ceil(((period + 1) * length - now) / 1000) };
}
