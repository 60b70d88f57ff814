import { covers, overlap } from '../../records/token-selector.ts';
import { linesOf } from './chain.ts';
import type { Finding } from './check-object.ts';
import { addedObject, checkContent, classifiedObjects } from './classify-objects.ts';
import type { AuditKeys } from './digest-chain.ts';
import { LATEST } from './names.ts';
import type { ArchiveReader } from './ports.ts';
import { type ArchivedRecord, readRecord } from './read-record.ts';

/** An event of the archive. */
export interface ReadEvent {
  record: ArchivedRecord;
  /** Whether a verified digest vouches for it, or it is too new for that. */
  class: 'vouched' | 'pending';
}

/** Which events. Of several members, all must hold. */
export interface EventFilter {
  types?: readonly string[] | undefined;
  tokenId?: string | undefined;
  subject?: string | undefined;
  audience?: string | undefined;
  /** A location, or a subtree: whatever concerns a place in it. */
  resource?: string | undefined;
  revocationId?: string | undefined;
  /** Milliseconds, of the event's own time. */
  from?: number | undefined;
  to?: number | undefined;
}

export interface ReadEventsInput {
  archive: ArchiveReader;
  keys: AuditKeys;
  filter: EventFilter;
  /** Milliseconds. */
  now: number;
  /** Is told what is wrong with the digests, and with each object that is not shown. */
  found(finding: Finding): void;
}

/**
 * The events of the archive that match a filter, in the order of the archive; object after object. Events are shown if their
 * object is vouched for and unchanged, or pending and intact. Every other object is a finding, and none of its events is
 * shown.
 *
 * An event may be archived late, so objects of up to 26 hours after the time asked for are read, and of up to 26 hours
 * before it, since an object may hold what came long after its first event. An object that is missing is not looked for:
 * `verifyArchive` does that.
 */
export async function* readEvents({ archive, keys, filter, now, found }: ReadEventsInput): AsyncGenerator<ReadEvent> {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = filter;
  const since = Number.isFinite(from) ? { since: from - LATEST } : {};
  for await (const object of classifiedObjects({ archive, keys, now, ...since, found })) {
    const { key, at, listed } = object;
    if (!listed || (at !== undefined && at < from - LATEST)) continue;
    if (at !== undefined && at > to + LATEST) return;
    if (object.class === 'added') {
      found(addedObject(object));
      continue;
    }
    const content = (await archive.get(key)) ?? new Uint8Array();
    const faults = checkContent(object, content, now);
    faults.forEach(found);
    if (faults.length > 0) continue;
    for (const line of linesOf(content)) {
      const record = readRecord(line);
      if (record !== undefined && passes(record, filter, from, to)) yield { record, class: object.class };
    }
  }
}

function passes(record: ArchivedRecord, filter: EventFilter, from: number, to: number): boolean {
  const is = (wanted: string | undefined, actual: unknown) => wanted === undefined || wanted === actual;
  const time = Date.parse(record.time);
  return (
    (filter.types === undefined || filter.types.includes(record.detailType)) &&
    is(filter.tokenId, record.tokenId ?? selectorOf(record).tokenId) &&
    is(filter.subject, record.subject) &&
    is(filter.audience, record.audience) &&
    is(filter.revocationId, record.revocationId) &&
    (filter.resource === undefined || concerns(record, filter.resource)) &&
    time >= from &&
    time <= to
  );
}

/** What a revocation's event says that was to be revoked. */
function selectorOf({ selector }: ArchivedRecord): { tokenId?: unknown; resource?: unknown } {
  return typeof selector === 'object' && selector !== null ? selector : {};
}

/** Whether an event permits, refuses, reports or revokes anything in a location. */
function concerns(record: ArchivedRecord, resource: string): boolean {
  const { authorizationDetails, location } = record;
  if (typeof location === 'string') return covers(resource, location);
  const selected = selectorOf(record).resource;
  if (typeof selected === 'string') return overlap(selected, resource);
  if (!Array.isArray(authorizationDetails)) return false;
  return authorizationDetails.some(({ locations = [] }: { locations?: string[] }) =>
    locations.some((own) => overlap(own, resource)),
  );
}
