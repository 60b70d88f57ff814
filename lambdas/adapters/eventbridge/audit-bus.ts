import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { AUDIT_SOURCE, type AuditEvent } from '@tvm/contract/events.ts';
import type { AuditBus } from '@tvm/core/audit/publish-audit.ts';
import { logger } from '../../runtime/observability.ts';

/**
 * Publishes audit events on an EventBridge bus.
 *
 * If EventBridge rejects a call, it accepted none of the events. The reason may be a single event, for example one that
 * is too large, so each event is then sent separately.
 */
export function eventBridgeAuditBus(eventBridge: EventBridgeClient, busName: string): AuditBus {
  async function put(events: readonly AuditEvent[]): Promise<AuditEvent[]> {
    const command = new PutEventsCommand({
      Entries: events.map(({ detailType, detail }) => ({
        EventBusName: busName,
        Source: AUDIT_SOURCE,
        DetailType: detailType,
        Detail: JSON.stringify(detail),
        Time: new Date(detail.time),
      })),
    });
    try {
      const { Entries } = await eventBridge.send(command);
      return events.filter((_, index) => Entries?.[index]?.EventId === undefined);
    } catch (error) {
      logger.warn('the audit bus refused a call', { error: error as Error });
      if (events.length === 1 || !rejectedByService(error)) return [...events];
      const rejected = await Promise.all(events.map((event) => put([event])));
      return rejected.flat();
    }
  }
  return { put };
}

/** Reports whether EventBridge rejected the call, as opposed to being unreachable or failing itself. */
function rejectedByService(error: unknown): boolean {
  return error instanceof Error && '$fault' in error && error.$fault === 'client';
}
