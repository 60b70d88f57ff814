import type { AuditEvent } from '@tvm/contract/events.ts';
import { networkOf } from './network.ts';

/** What a detector sees of an audit event. */
export interface Observation {
  eventId: string;
  /** When it happened (milliseconds). */
  time: number;
  /** The workload’s ARN, without the session. */
  subject: string;
  tokenId: string;
  kind: 'issued' | 'denied' | 'revoked-token';
  /** Where the request came from, of what was asked for. */
  network?: string;
  /** What a token is for, each resource by the first two segments of its location. */
  resources: readonly string[];
  /** It asked for what its grants do not hold. */
  beyondGrants: boolean;
  /** A resource server let a revoked token do something. */
  accepted: boolean;
}

/**
 * @param isRevoked whether a token is revoked that is reported as used
 * @returns `undefined` of an event that no detector looks at
 */
export function observationOf(event: AuditEvent, isRevoked: (tokenId: string) => boolean): Observation | undefined {
  const { detailType, detail } = event;
  switch (detailType) {
    case 'Token Issued': {
      const locations = detail.authorizationDetails.flatMap((entry) => entry.locations);
      return { ...asked(detail), kind: 'issued', resources: [...new Set(locations.map(resourceOf))] };
    }
    case 'Token Denied': {
      // It follows from what was decided before: an anomaly that blocks a subject must not feed itself.
      if (detail.denial === 'subject_blocked' || detail.denial === 'subject_revoked') return undefined;
      const beyondGrants = detail.denial === 'policy' || detail.denial === 'role_unavailable';
      return { ...asked(detail), kind: 'denied', beyondGrants };
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

function asked(detail: Parameters<typeof seen>[0] & { sourceIp: string }) {
  const network = networkOf(detail.sourceIp);
  return { ...seen(detail), ...(network !== undefined && { network }) };
}

/** The first two segments of a location: `orders-db/orders` of `orders-db/orders/17`. */
function resourceOf(location: string): string {
  return location.split('/').slice(0, 2).join('/');
}
