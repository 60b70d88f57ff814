import { covers, overlap } from '../token-selector.ts';
import { linesOf, readLine } from './chain.ts';
import { dayPrefix, EVENTS, firstEventAt, HOUR, LATEST } from './names.ts';
import type { ArchiveReader } from './ports.ts';

/** A line of the archive: an audit event's detail type and the members of its detail. Not verified. */
export interface ArchivedRecord {
  detailType: string;
  eventId: string;
  time: string;
  [member: string]: unknown;
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

/**
 * The events of the archive that a filter lets through, in the order of the archive; object after object.
 *
 * An event may be archived late, so more than the hours asked for are read: 26 hours after them, and as many before,
 * since an object may hold what came long after its first event.
 *
 * @throws when a line is none of the archive: verify it
 */
export async function* archivedEvents(archive: ArchiveReader, filter: EventFilter): AsyncGenerator<ArchivedRecord> {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = filter;
  const after = Number.isFinite(from) ? dayPrefix(EVENTS, from - LATEST - 24 * HOUR) : undefined;
  for await (const key of archive.list(EVENTS, after)) {
    const at = firstEventAt(key);
    if (at === undefined || at < from - LATEST) continue;
    if (at > to + LATEST) return;
    const content = await archive.get(key);
    for (const [index, line] of linesOf(content ?? new Uint8Array()).entries()) {
      const record = recordIn(line);
      if (record === undefined) throw new Error(`${key}, line ${index + 1}, is no line of an archive: verify it`);
      if (passes(record, filter, from, to)) yield record;
    }
  }
}

function recordIn(line: string): ArchivedRecord | undefined {
  try {
    const record = JSON.parse(readLine(line)?.body ?? '');
    return typeof record.detailType === 'string' && typeof record.time === 'string' ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
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

/** Whether an event permits, refuses, reports or takes back anything in a location. */
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
