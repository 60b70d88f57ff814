import { covers, overlap } from '../../records/token-selector.ts';
import { linesOf } from './chain.ts';
import type { Finding } from './check-object.ts';
import { addedObject, checkContent, classifiedObjects } from './classify-objects.ts';
import type { AuditKeys } from './digest-chain.ts';
import { LATEST } from './names.ts';
import type { ArchiveReader } from './ports.ts';
import { type ArchivedRecord, readRecord } from './read-record.ts';

/** An event in the archive. */
export interface ReadEvent {
  record: ArchivedRecord;
  /** Whether a verified digest covers the event (`vouched`), or the event is newer than the last digest (`pending`). */
  class: 'vouched' | 'pending';
}

/** A filter for events. An event must match all properties that are present. */
export interface EventFilter {
  types?: readonly string[] | undefined;
  tokenId?: string | undefined;
  subject?: string | undefined;
  audience?: string | undefined;
  /** A location or a subtree. Matches events about any location in the subtree. */
  resource?: string | undefined;
  revocationId?: string | undefined;
  /** Bounds of the event's own time, in milliseconds since the epoch. */
  from?: number | undefined;
  to?: number | undefined;
}

export interface ReadEventsInput {
  archive: ArchiveReader;
  keys: AuditKeys;
  filter: EventFilter;
  /** Current time in milliseconds since the epoch. */
  now: number;
  /** Called for each error in the digests, and for each object that is not shown. */
  found(finding: Finding): void;
}

/**
 * Yields the events in the archive that match a filter, in the order of the archive. Events are only yielded if their
 * object is vouched for and unchanged, or pending and intact. Every other object is a finding.
 *
 * An event may be archived up to 26 hours late, and an object may contain events that are much later than its first
 * event. So objects of up to 26 hours before and after the requested time are read too. Missing objects are not
 * detected; `verifyArchive` detects them.
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

/** The selector in the event of a revocation request. */
function selectorOf({ selector }: ArchivedRecord): { tokenId?: unknown; resource?: unknown } {
  return typeof selector === 'object' && selector !== null ? selector : {};
}

/** Reports whether an event is about a location: allowing, denying, using or revoking access to it. */
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
