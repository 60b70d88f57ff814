import { auditEventExamples } from '@tvm/contract/event-examples.ts';
import type { ArchivedEvent } from '@tvm/core/audit/archive/archive-batch.ts';
import { archiveBatch } from '@tvm/core/audit/archive/archive-batch.ts';
import { HOUR } from '@tvm/core/audit/archive/names.ts';
import { inMemoryAdopted, inMemoryArchive } from '../fakes/in-memory-archive.ts';

/** Noon of a day, the start of a complete hour. */
export const NOON = Date.UTC(2026, 10, 22, 12);

/** Returns an event to archive: one of the examples, with its own ID and time. */
export function archivedEvent(eventId: string, at: number, nth = 0): ArchivedEvent {
  const { detailType, detail } = auditEventExamples[nth % auditEventExamples.length] ?? {};
  if (detailType === undefined || detail === undefined) throw new Error('there are examples');
  return { eventId, at, record: { detailType, ...detail, eventId, time: new Date(at).toISOString() } };
}

/**
 * Creates an archive of some hours, starting at {@link NOON}, without digests.
 *
 * @param batches objects per hour
 */
export async function archiveOf(hours: number, batches = 2, records = 4) {
  const objects = inMemoryArchive();
  const adopted = inMemoryAdopted();
  for (let hour = 0; hour < hours; hour++) {
    for (let batch = 0; batch < batches; batch++) {
      const events = Array.from({ length: records }, (_, nth) =>
        archivedEvent(`event-${hour}-${batch}-${nth}`, NOON + hour * HOUR + batch * 600_000 + nth * 1_000, nth),
      );
      await archiveBatch(events, { objects, adopted });
    }
  }
  return objects;
}
