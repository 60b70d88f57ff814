import { linesOf, readLine, sha256, writeLines } from './chain.ts';
import { eventsKey, LATEST } from './names.ts';
import type { AdoptedObjects, ArchiveObjects } from './ports.ts';

/** An event to archive. */
export interface ArchivedEvent {
  eventId: string;
  /** Time at which the stream recorded the change, in milliseconds. The same for each delivery. */
  at: number;
  /** The content to archive: the detail type and the properties of the detail. */
  record: { detailType: string; eventId: string } & Record<string, unknown>;
}

/** Maximum time that the clock of the stream may be ahead, in milliseconds. */
const AHEAD = 300_000;

/**
 * Reports whether the stream can still deliver a change that it recorded at a time. For any other time, the object's
 * name would be outside the period in which digests look for objects.
 */
export function isRecent(at: number, now: number): boolean {
  return at > now - LATEST && at < now + AHEAD;
}

export interface ArchiveBatchPorts {
  objects: ArchiveObjects;
  adopted: AdoptedObjects;
}

/**
 * Archives a batch of the stream. Each event is archived exactly once, even if the stream delivers it repeatedly or in
 * different batches.
 *
 * Writing the object is the commit, and its name derives from its first event. This is sufficient because the events of
 * a shard arrive in order, and a delivery starts at the start of the shard or after an earlier successful delivery. So
 * the objects of a shard have no gaps and no overlaps, and every invocation that continues with the same event tries to
 * write an object of the same name:
 *
 * - The object does not exist: it is written with all remaining events. Only one writer can succeed.
 * - The object exists: an earlier invocation crashed after writing it, its response was lost, or this is a repeated
 *   delivery. Its events are skipped, and the loop continues with the remaining events.
 *
 * There is one more case: the existing object contains more events than this batch, because the earlier batch was
 * longer. After this batch succeeds, the next batch starts in the middle of that object, at an event that names no
 * object. So an invocation that finds an existing object first stores the identities of its events (it adopts the
 * object), and every batch starts by skipping the events of adopted objects.
 *
 * The identity of an event is a hash of its entire content. The event ID alone is not sufficient: a principal that may
 * invoke the archiver could archive a genuine event under the ID of another event, which would then be skipped.
 *
 * @param events the events of one invocation, in the order of the stream
 * @returns the number of newly archived events, and of events that were already archived
 * @throws the errors of the ports; no event is lost, because the stream then delivers the batch again
 */
export async function archiveBatch(
  events: readonly ArchivedEvent[],
  { objects, adopted }: ArchiveBatchPorts,
): Promise<{ archived: number; known: number }> {
  let left = without(await adopted.events(), events);
  let namesakes = 0;
  for (;;) {
    const [first] = left;
    if (first === undefined) return { archived: 0, known: events.length };
    const { at, eventId } = first;
    const key = eventsKey({ at, eventId: namesakes === 0 ? eventId : `${eventId}-${namesakes}` });
    const records = left.map(({ record }) => record);
    if (await objects.putNew(key, writeLines(key, records))) {
      return { archived: left.length, known: events.length - left.length };
    }
    const held = eventsIn(key, await objects.get(key));
    if (held.includes(identityOf(first.record))) {
      await adopted.add(key, held);
      left = without(new Set(held), left);
      namesakes = 0;
    } else {
      namesakes += 1;
    }
  }
}

function without(known: ReadonlySet<string>, events: readonly ArchivedEvent[]): ArchivedEvent[] {
  return events.filter(({ record }) => !known.has(identityOf(record)));
}

/** The identities of the events in an object. */
function eventsIn(key: string, content: Uint8Array | undefined): string[] {
  return linesOf(content ?? new Uint8Array()).map((line) => {
    const body = readLine(line)?.body;
    // Only the archiver writes there. Continuing would lose the event.
    if (body === undefined) throw new Error(`${key} does not contain the event that its name derives from`);
    return identityOf(JSON.parse(body));
  });
}

/** The identity of an event: a hash of its archived content, independent of the order of properties. */
function identityOf(record: object): string {
  return sha256(JSON.stringify(record, (_, value) => (isMapping(value) ? inOrder(value) : value)));
}

function inOrder(mapping: object): object {
  return Object.fromEntries(Object.entries(mapping).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
