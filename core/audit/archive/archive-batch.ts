import { linesOf, readLine, sha256, writeLines } from './chain.ts';
import { eventsKey, LATEST } from './names.ts';
import type { AdoptedObjects, ArchiveObjects } from './ports.ts';

/** An event on its way into the archive. */
export interface ArchivedEvent {
  eventId: string;
  /** When the stream recorded the change, in milliseconds: the same whenever it is delivered again. */
  at: number;
  /** What is archived: the detail type and the members of the detail. */
  record: { detailType: string; eventId: string } & Record<string, unknown>;
}

/** How far the clock of the stream may be ahead, in milliseconds. */
const AHEAD = 300_000;

/**
 * Whether the stream can still deliver a change that it recorded then. An object that is named by another time would lie
 * where no digest looks for it any more, or not yet.
 */
export function isRecent(at: number, now: number): boolean {
  return at > now - LATEST && at < now + AHEAD;
}

export interface ArchiveBatchPorts {
  objects: ArchiveObjects;
  adopted: AdoptedObjects;
}

/**
 * Archives a batch of the stream: each event exactly once, however often and however cut the stream delivers it.
 *
 * The object is the commit, and its first event names it. Why that is enough: the events of a shard come in order, and
 * a delivery begins at the shard's start or where an earlier one that succeeded ended. So the objects of a shard follow
 * each other without gap or overlap, and whoever comes to an event next comes to the name of the object that begins
 * with it:
 *
 * - There is none: it is written, with all that is left. The store lets one writer do it.
 * - There is one: an earlier invocation died after writing it, or its answer was lost, or this is a repetition. What it
 *   holds is left out, and the walk goes on behind it.
 *
 * One thing more can happen. The object holds more than this batch, since the earlier one was cut longer; then this one
 * succeeds, and the next begins in the middle of that object, at an event that names none. So whoever comes upon an
 * object notes what it holds before it succeeds («adopts» it), and every batch begins by leaving out what is adopted.
 *
 * An event is known by all of its content. Whoever may invoke the archiver could have a true event archived under the id
 * of another, which would be left out if its id were enough.
 *
 * @param events those of one invocation, in the stream's order
 * @returns how many were archived now, and how many already were
 * @throws what a port throws: nothing is lost then, since the stream delivers the batch again
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
    // Nobody but the archiver writes there. Going on would archive the event nowhere.
    if (body === undefined) throw new Error(`${key} does not hold the event that it is named by`);
    return identityOf(JSON.parse(body));
  });
}

/** What an event is known by: a hash of all that is archived of it, in whatever order. */
function identityOf(record: object): string {
  return sha256(JSON.stringify(record, (_, value) => (isMapping(value) ? inOrder(value) : value)));
}

function inOrder(mapping: object): object {
  return Object.fromEntries(Object.entries(mapping).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
