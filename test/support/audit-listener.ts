import type { AuditEvent } from '@tvm/contract/events.ts';
import { inject } from 'vitest';
import { watchAudit } from '#scripts/local/audit-watch.ts';

const { target, outputs } = inject('deployed');

export interface AuditListener {
  /**
   * Returns the events so far that have this property in their detail, in the order of their times. The bus does not
   * guarantee an order.
   */
  eventsWith(member: string, value: unknown): Promise<AuditEvent[]>;
}

/** Listens on the bus, as a security team does. */
export async function auditListener(): Promise<AuditListener> {
  const watch = await watchAudit(target, outputs.EventBusName);
  const seen: AuditEvent[] = [];
  return {
    async eventsWith(member, value) {
      for (let events = await watch.arrived(0); events.length > 0; events = await watch.arrived(0))
        seen.push(...events);
      return seen
        .filter(({ detail }) => (detail as Record<string, unknown>)[member] === value)
        .toSorted((a, b) => a.detail.time.localeCompare(b.detail.time));
    },
  };
}
