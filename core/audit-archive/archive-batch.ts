import { linesOf, writeLines } from './chain.ts';
import { eventsKey } from './names.ts';
import type { AdoptedObjects, ArchiveObjects } from './ports.ts';

/** An event on its way into the archive. */
export interface ArchivedEvent {
  eventId: string;
  /** When the stream recorded the change, in milliseconds: the same whenever it is delivered again. */
  at: number;
  /** What is archived: the detail type and the members of the detail. */
  record: { detailType: string; eventId: string } & Record<string, unknown>;
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
 * @param events those of one invocation, in the stream's order
 * @returns how many were archived now, and how many already were
 * @throws what a port throws: nothing is lost then, since the stream delivers the batch again
 */
export async function archiveBatch(
  events: readonly ArchivedEvent[],
  { objects, adopted }: ArchiveBatchPorts,
): Promise<{ archived: number; known: number }> {
  let left = without(await adopted.eventIds(), events);
  for (;;) {
    const [first] = left;
    if (first === undefined) return { archived: 0, known: events.length };
    const key = eventsKey(first);
    const records = left.map(({ record }) => record);
    if (await objects.putNew(key, writeLines(key, records))) {
      return { archived: left.length, known: events.length - left.length };
    }
    const held = eventIdsIn(await objects.get(key));
    // Nobody but this function writes there. Going on would archive the event nowhere.
    if (!held.includes(first.eventId)) throw new Error(`${key} does not hold the event that it is named by`);
    await adopted.add(key, held);
    left = without(new Set(held), left);
  }
}

function without(known: ReadonlySet<string>, events: readonly ArchivedEvent[]): ArchivedEvent[] {
  return events.filter(({ eventId }) => !known.has(eventId));
}

function eventIdsIn(content: Uint8Array | undefined): string[] {
  if (content === undefined) return [];
  return linesOf(content).map((line) => JSON.parse(line).eventId);
}
