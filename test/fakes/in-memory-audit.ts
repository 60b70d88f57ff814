import type { AuditEvent } from '@tvm/contract/events.ts';
import type { AuditBus, DeadLetters } from '@tvm/core/audit/publish-audit.ts';

/**
 * An audit bus and a dead-letter queue in memory. `published` and `dead` are the accepted events and messages, in
 * order.
 */
export function inMemoryAudit(): {
  bus: AuditBus;
  deadLetters: DeadLetters;
  published: AuditEvent[];
  dead: AuditEvent[];
} {
  const published: AuditEvent[] = [];
  const dead: AuditEvent[] = [];
  return {
    published,
    dead,
    bus: {
      async put(events) {
        published.push(...events);
        return [];
      },
    },
    deadLetters: {
      async put(event) {
        dead.push(event);
      },
    },
  };
}
