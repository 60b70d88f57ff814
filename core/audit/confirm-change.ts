import { isDeepStrictEqual } from 'node:util';
import { type AuditedItem, auditEvent } from './audit-event.ts';

/** A change of a stored item, as the stream delivers it. */
export interface Change {
  /** The previous state; `undefined` for a new item. */
  before: AuditedItem | undefined;
  after: AuditedItem;
}

/**
 * Reports whether the table confirms a change: the audit event of the change must be equal to the event that follows
 * from the stored item. So a forged change cannot cause an event.
 *
 * The item may have changed again in the meantime. A later state also confirms the earlier states that it implies: a
 * token was issued before it was revoked, failed or expired, and a count of introspections was smaller before. All
 * other data of an event never changes once it is stored.
 *
 * @param stored the item that is stored now under the key of the change, if any
 */
export function isConfirmed({ before, after }: Change, stored: AuditedItem | undefined): boolean {
  if (stored === undefined) return false;
  const expected = auditEvent(before, after, '');
  return expected !== undefined && isDeepStrictEqual(expected, auditEvent(before, earlierState(stored, after), ''));
}

/** The stored item in the state of the change, if the stored state implies that state. */
function earlierState(stored: AuditedItem, after: AuditedItem): AuditedItem {
  if (stored.kind === 'record' && after.kind === 'record') {
    const { record } = stored;
    if (after.record.status !== 'issued' || record.status === 'denied') return stored;
    return { kind: 'record', record: { ...record, status: 'issued' } };
  }
  if (stored.kind === 'introspections' && after.kind === 'introspections') {
    const { count, last } = after.introspections;
    const { minute, count: now } = stored.introspections;
    // For an earlier introspection, only its minute is stored.
    const isEarlier = Number.isInteger(count) && count > 0 && count < now && isWithin(minute, last);
    return isEarlier ? { ...stored, introspections: { ...stored.introspections, count, last } } : stored;
  }
  return stored;
}

function isWithin(minute: number, time: number): boolean {
  return Number.isInteger(time) && time >= minute && time < minute + 60_000;
}
