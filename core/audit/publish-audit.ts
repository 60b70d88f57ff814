import type { AuditEvent } from '@tvm/contract/events.ts';

/** Where audit events go. */
export interface AuditBus {
  /**
   * Puts events on the bus, at most {@link BUS_BATCH} of them.
   * @returns those that the bus did not take
   */
  put(events: readonly AuditEvent[]): Promise<AuditEvent[]>;
}

/** Keeps whole what could not be published. */
export interface DeadLetters {
  put(event: AuditEvent): Promise<void>;
}

/** EventBridge takes this many entries in one PutEvents call. */
export const BUS_BATCH = 10;

/** How often a refused event is offered before it becomes a dead letter. */
const ATTEMPTS = 4;

export interface PublishAuditPorts {
  bus: AuditBus;
  deadLetters: DeadLetters;
  /** Waits before an attempt is repeated, in milliseconds. */
  wait(milliseconds: number): Promise<void>;
}

/**
 * Publishes audit events: each at least once, those about one token or subject in order.
 *
 * A batch never holds two events about the same, and a refused event is settled (published or a dead letter) before a
 * later one about the same is offered.
 *
 * @returns how many became dead letters
 * @throws what `deadLetters.put` throws: then nothing is lost either, since the stream delivers the events again
 */
export async function publishAudit(
  events: readonly AuditEvent[],
  { bus, deadLetters, wait }: PublishAuditPorts,
): Promise<number> {
  let dead = 0;
  for (const batch of batches(events)) {
    let open = batch;
    for (let attempt = 1; open.length > 0 && attempt <= ATTEMPTS; attempt++) {
      if (attempt > 1) await wait(50 * 2 ** attempt);
      open = await bus.put(open);
    }
    for (const event of open) await deadLetters.put(event);
    dead += open.length;
  }
  return dead;
}

/** What an event is about: a token, a subject, or something of its own. */
function about({ detail }: AuditEvent): string {
  if ('tokenId' in detail && detail.tokenId !== undefined) return detail.tokenId;
  return 'subject' in detail && detail.subject !== undefined ? detail.subject : detail.eventId;
}

/** Consecutive events in batches of at most {@link BUS_BATCH}, none about the same as another in it. */
function batches(events: readonly AuditEvent[]): AuditEvent[][] {
  const all: AuditEvent[][] = [];
  let abouts = new Set<string>();
  for (const event of events) {
    const batch = all.at(-1);
    if (batch === undefined || batch.length === BUS_BATCH || abouts.has(about(event))) {
      all.push([event]);
      abouts = new Set();
    } else {
      batch.push(event);
    }
    abouts.add(about(event));
  }
  return all;
}
