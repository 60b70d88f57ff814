import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { AUDIT_SOURCE } from '../../contract/events.ts';
import type { AuditBus } from '../../core/publish-audit.ts';
import { logger } from '../observability.ts';

/** The audit bus on EventBridge. A call that fails as a whole took nothing. */
export function eventBridgeAuditBus(eventBridge: EventBridgeClient, busName: string): AuditBus {
  return {
    async put(events) {
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
        return [...events];
      }
    },
  };
}
