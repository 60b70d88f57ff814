import type { AuditEvent } from '@tvm/contract/events.ts';
import { networkOf } from './network.ts';

/** The part of an audit event that detectors use. */
export interface Observation {
  eventId: string;
  /** Time of the event, in milliseconds since the epoch. */
  time: number;
  /** ARN of the workload, without the session. */
  subject: string;
  tokenId: string;
  kind: 'issued' | 'denied' | 'revoked-token';
  /** Source network of a token request. */
  network?: string;
  /** Resources of an issued token, each as the first two segments of its location. */
  resources: readonly string[];
  /** Whether the workload requested something beyond its grants. */
  beyondGrants: boolean;
  /** Whether a resource server accepted a revoked token. */
  accepted: boolean;
}

/**
 * Converts an audit event to an observation.
 *
 * @param isRevoked reports whether a token was revoked before its reported use
 * @returns the observation, or `undefined` if no detector uses the event
 */
export function observationOf(event: AuditEvent, isRevoked: (tokenId: string) => boolean): Observation | undefined {
  const { detailType, detail } = event;
  switch (detailType) {
    case 'Token Issued': {
      const locations = detail.authorizationDetails.flatMap((entry) => entry.locations);
      return { ...requestFields(detail), kind: 'issued', resources: [...new Set(locations.map(resourceOf))] };
    }
    case 'Token Denied': {
      // Such a denial may result from the response to an anomaly. Ignoring it prevents a feedback loop.
      if (detail.denial === 'subject_blocked' || detail.denial === 'subject_revoked') return undefined;
      // Nobody was authenticated: the subject is a trust entry.
      if (detail.denial === 'proof_refused') return undefined;
      const beyondGrants = detail.denial === 'policy' || detail.denial === 'role_unavailable';
      return { ...requestFields(detail), kind: 'denied', beyondGrants };
    }
    case 'Token Introspected':
      return detail.result === 'revoked' ? { ...seen(detail), kind: 'revoked-token' } : undefined;
    case 'Token Used':
      return isRevoked(detail.tokenId)
        ? { ...seen(detail), kind: 'revoked-token', accepted: detail.outcome === 'allowed' }
        : undefined;
    default:
      return undefined;
  }
}

function seen({ eventId, time, subject, tokenId }: Record<'eventId' | 'time' | 'subject' | 'tokenId', string>) {
  return { eventId, time: Date.parse(time), subject, tokenId, resources: [], beyondGrants: false, accepted: false };
}

function requestFields(detail: Parameters<typeof seen>[0] & { sourceIp: string }) {
  const network = networkOf(detail.sourceIp);
  return { ...seen(detail), ...(network !== undefined && { network }) };
}

/** The first two segments of a location: `orders-db/orders` for `orders-db/orders/17`. */
function resourceOf(location: string): string {
  return location.split('/').slice(0, 2).join('/');
}
