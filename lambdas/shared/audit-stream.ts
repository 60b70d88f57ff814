import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { AuditEvent } from '@tvm/contract/events.ts';
import type { ArchivedEvent } from '@tvm/core/audit/archive/archive-batch.ts';
import { auditEvent } from '@tvm/core/audit/audit-event.ts';
import { isConfirmed } from '@tvm/core/audit/confirm-change.ts';
import type { DynamoDBRecord } from 'aws-lambda';
import { auditedItem } from '../adapters/dynamo/items.ts';
import type { StoredItems } from '../adapters/dynamo/stored-items.ts';
import { logger, metrics } from '../runtime/observability.ts';
import { AUDIT_PARTITIONS } from './audit-item-keys.ts';

type Item = Record<string, AttributeValue>;

/** Returns the audit event for a record of the table's stream, or `undefined` if the change has no audit event. */
export function auditEventOf({ eventID, dynamodb }: DynamoDBRecord): AuditEvent | undefined {
  const after = auditedItem(dynamodb?.NewImage as Item | undefined);
  if (after === undefined || eventID === undefined) return undefined;
  return auditEvent(auditedItem(dynamodb?.OldImage as Item | undefined), after, eventID);
}

/**
 * Returns the archived event for a record of the table's stream. A record that cannot be read becomes a `Record
 * Unreadable` event. It must neither be dropped silently nor block the records after it.
 */
export function archivedEventOf(record: DynamoDBRecord): ArchivedEvent | undefined {
  const { eventID: eventId = '', dynamodb } = record;
  const at = Math.round((dynamodb?.ApproximateCreationDateTime ?? 0) * 1000);
  try {
    const event = auditEventOf(record);
    return event && { eventId, at, record: { detailType: event.detailType, ...event.detail, eventId } };
  } catch (error) {
    const unreadable = {
      detailType: 'Record Unreadable',
      version: '1',
      eventId,
      time: new Date(at).toISOString(),
      item: nameOf(newImage(record)),
      // Only the error's name: its message may quote the item's content.
      problem: error instanceof Error ? error.name : 'unknown',
    };
    return { eventId, at, record: unreadable };
  }
}

/** A record of the stream, and the event made from it. */
export interface StreamedEvent<Event> {
  record: DynamoDBRecord;
  event: Event;
}

/**
 * Drops the events that the table does not confirm. The stream itself delivers only real changes, but anyone allowed to
 * invoke a function that reads the stream can pass forged records to it. Dropped events are logged and counted, and
 * trigger an alarm.
 *
 * @param isPossible an additional check of an event
 * @throws the errors of `items`; the stream then delivers the records again
 */
export async function confirmedEvents<Event>(
  streamed: readonly StreamedEvent<Event>[],
  items: StoredItems,
  isPossible: (event: Event) => boolean = () => true,
): Promise<Event[]> {
  const keys = new Map<string, Item>();
  for (const { record } of streamed) {
    const key = keyOf(record);
    if (key !== undefined) keys.set(nameOf(key), key);
  }
  const stored = new Map((await items.getMany([...keys.values()])).map((item) => [nameOf(item), item]));
  const confirmed: Event[] = [];
  const unconfirmed: string[] = [];
  for (const { record, event } of streamed) {
    const key = keyOf(record);
    const item = key && stored.get(nameOf(key));
    if (item !== undefined && isPossible(event) && isConfirmedBy(item, record)) confirmed.push(event);
    else unconfirmed.push(nameOf(newImage(record)));
  }
  metrics.addMetric('AuditRecordsUnconfirmed', MetricUnit.Count, unconfirmed.length);
  if (unconfirmed.length > 0) {
    const details = { unconfirmed: unconfirmed.length, items: unconfirmed.slice(0, 10) };
    logger.error('changes that the table does not confirm were dropped', details);
  }
  return confirmed;
}

/** The id of a stream record. It becomes part of the event, so its length and characters are limited. */
const EVENT_ID = /^[\w:.-]{1,64}$/;

/** Returns the key of a record's item, or `undefined` if the record cannot be one of this table's stream. */
function keyOf(record: DynamoDBRecord): Item | undefined {
  const { pk, sk } = newImage(record);
  const { eventID } = record;
  if (typeof pk?.S !== 'string' || typeof sk?.S !== 'string') return undefined;
  if (typeof eventID !== 'string' || !EVENT_ID.test(eventID)) return undefined;
  const partition = pk.S;
  return AUDIT_PARTITIONS.some((beginning) => partition.startsWith(beginning)) ? { pk, sk } : undefined;
}

function isConfirmedBy(item: Item, record: DynamoDBRecord): boolean {
  try {
    const before = auditedItem(record.dynamodb?.OldImage as Item | undefined);
    const after = auditedItem(newImage(record));
    return after !== undefined && isConfirmed({ before, after }, auditedItem(item));
  } catch {
    // A real unreadable change is unreadable in the table, too.
    return !isReadable(newImage(record)) && !isReadable(item);
  }
}

function isReadable(item: Item): boolean {
  try {
    const stored = auditedItem(item);
    return stored !== undefined && auditEvent(undefined, stored, '') !== undefined;
  } catch {
    return false;
  }
}

function newImage({ dynamodb }: DynamoDBRecord): Item {
  return (dynamodb?.NewImage ?? {}) as Item;
}

/** Names an item by its keys, limited to the maximum length of DynamoDB keys. */
function nameOf({ pk, sk }: Item): string {
  return `${pk?.S} ${sk?.S}`.slice(0, 3_200);
}
