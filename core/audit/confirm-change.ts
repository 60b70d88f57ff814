import { isDeepStrictEqual } from 'node:util';
import { auditEvent, type Remembered } from './audit-event.ts';

/** A change of the store, as its stream tells it. */
export interface Change {
  /** What was there; `undefined` when it is new. */
  before: Remembered | undefined;
  after: Remembered;
}

/**
 * Whether the store confirms a change: the event of the change must be the one that follows from what is stored. So
 * whoever makes up a change makes up no event.
 *
 * What is stored may have moved on since, and confirms what it passed through: a token was issued before it was revoked,
 * failed or expired, and introspections were fewer. What an event tells besides never changes once it is stored.
 *
 * @param stored what is stored now under the key of the change; `undefined`: nothing
 */
export function isConfirmed({ before, after }: Change, stored: Remembered | undefined): boolean {
  if (stored === undefined) return false;
  const told = auditEvent(before, after, '');
  return told !== undefined && isDeepStrictEqual(told, auditEvent(before, asItWas(stored, after), ''));
}

/** What is stored, in the state that the change says it was in, if it passed through that. */
function asItWas(stored: Remembered, after: Remembered): Remembered {
  if (stored.kind === 'record' && after.kind === 'record') {
    const { record } = stored;
    if (after.record.status !== 'issued' || record.status === 'denied') return stored;
    return { kind: 'record', record: { ...record, status: 'issued' } };
  }
  if (stored.kind === 'introspections' && after.kind === 'introspections') {
    const { count, last } = after.introspections;
    const { minute, count: now } = stored.introspections;
    // Of an earlier one, only the minute is stored.
    const isEarlier = Number.isInteger(count) && count > 0 && count < now && isWithin(minute, last);
    return isEarlier ? { ...stored, introspections: { ...stored.introspections, count, last } } : stored;
  }
  return stored;
}

function isWithin(minute: number, time: number): boolean {
  return Number.isInteger(time) && time >= minute && time < minute + 60_000;
}
