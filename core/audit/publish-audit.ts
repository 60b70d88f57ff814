import type { AuditEvent } from '@tvm/contract/events.ts';

/** The event bus for audit events. */
export interface AuditBus {
  /**
   * Puts events on the bus, at most {@link BUS_BATCH} of them.
   * @returns the events that the bus did not accept
   */
  put(events: readonly AuditEvent[]): Promise<AuditEvent[]>;
}

/** Stores complete events that could not be published. */
export interface DeadLetters {
  put(event: AuditEvent): Promise<void>;
}

/** Maximum number of entries in one PutEvents call of EventBridge. */
export const BUS_BATCH = 10;

/** Attempts to publish an event before it becomes a dead letter. */
const ATTEMPTS = 4;

export interface PublishAuditPorts {
  bus: AuditBus;
  deadLetters: DeadLetters;
  /** Waits before an attempt is repeated, in milliseconds. */
  wait(milliseconds: number): Promise<void>;
}

/**
 * Publishes audit events at least once. Events about the same token or subject are published in order.
 *
 * To keep the order, a batch never contains two events about the same token or subject, and a rejected event is
 * published or stored as a dead letter before the next batch is sent.
 *
 * @returns the number of dead letters
 * @throws the errors of `deadLetters.put`; no event is lost, because the stream then delivers the events again
 */
export async function publishAudit(
  events: readonly AuditEvent[],
  { bus, deadLetters, wait }: PublishAuditPorts,
): Promise<number> {
  let dead = 0;
  for (const batch of batches(events)) {
    let pending = batch;
    for (let attempt = 1; pending.length > 0 && attempt <= ATTEMPTS; attempt++) {
      if (attempt > 1) await wait(50 * 2 ** attempt);
      pending = await bus.put(pending);
    }
    for (const event of pending) await deadLetters.put(event);
    dead += pending.length;
  }
  return dead;
}

/** The ID of the token or subject of an event, or else the event's own ID. */
function about({ detail }: AuditEvent): string {
  if ('tokenId' in detail && detail.tokenId !== undefined) return detail.tokenId;
  return 'subject' in detail && detail.subject !== undefined ? detail.subject : detail.eventId;
}

/** Splits events into consecutive batches. The events of a batch are about different tokens or subjects. */
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
