import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { AUDIT_SOURCE, type AuditEvent } from '@tvm/contract/events.ts';
import type { AuditBus } from '@tvm/core/audit/publish-audit.ts';
import { logger } from '../../runtime/observability.ts';

/**
 * The audit bus on EventBridge.
 *
 * A call that EventBridge refuses as a whole took nothing. The fault may be in one event (too large, say), so each is
 * then offered by itself.
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
      if (events.length === 1 || !refusedByService(error)) return [...events];
      const refused = await Promise.all(events.map((event) => put([event])));
      return refused.flat();
    }
  }
  return { put };
}

/** Whether EventBridge found fault with the call, rather than not being reached or failing itself. */
function refusedByService(error: unknown): boolean {
  return error instanceof Error && '$fault' in error && error.$fault === 'client';
}
