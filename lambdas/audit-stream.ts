import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import type { AuditEvent } from '../contract/events.ts';
import type { ArchivedEvent } from '../core/audit-archive/archive-batch.ts';
import { auditEvent } from '../core/audit-event.ts';
import { remembered } from './adapters/dynamo-items.ts';

type Image = Record<string, AttributeValue> | undefined;

/** The audit event that a record of the table's stream stands for; `undefined` when it means nothing to an auditor. */
export function auditEventOf({ eventID, dynamodb }: DynamoDBRecord): AuditEvent | undefined {
  const after = remembered(dynamodb?.NewImage as Image);
  if (after === undefined || eventID === undefined) return undefined;
  return auditEvent(remembered(dynamodb?.OldImage as Image), after, eventID);
}

/**
 * The same for the archive. Of a record that cannot be read it says so: it must neither be left out in silence nor keep
 * back all that comes after it.
 */
export function archivedEventOf(record: DynamoDBRecord): ArchivedEvent | undefined {
  const { eventID: eventId = '', dynamodb } = record;
  const at = Math.round((dynamodb?.ApproximateCreationDateTime ?? 0) * 1000);
  try {
    const event = auditEventOf(record);
    return event && { eventId, at, record: { detailType: event.detailType, ...event.detail, eventId } };
  } catch (error) {
    const { pk, sk } = dynamodb?.Keys ?? {};
    const unreadable = {
      detailType: 'Record Unreadable',
      version: '1',
      eventId,
      time: new Date(at).toISOString(),
      item: `${pk?.S} ${sk?.S}`,
      // Not its message, which may quote what the item holds.
      problem: error instanceof Error ? error.name : 'unknown',
    };
    return { eventId, at, record: unreadable };
  }
}
