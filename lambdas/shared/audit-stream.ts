import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { AuditEvent } from '@tvm/contract/events.ts';
import type { ArchivedEvent } from '@tvm/core/audit/archive/archive-batch.ts';
import { auditEvent } from '@tvm/core/audit/audit-event.ts';
import { isConfirmed } from '@tvm/core/audit/confirm-change.ts';
import type { DynamoDBRecord } from 'aws-lambda';
import { remembered } from '../adapters/dynamo/items.ts';
import type { StoredItems } from '../adapters/dynamo/stored-items.ts';
import { logger, metrics } from '../runtime/observability.ts';
import { REMEMBERED_PARTITIONS } from './audit-item-keys.ts';

type Item = Record<string, AttributeValue>;

/** The audit event that a record of the table's stream stands for; `undefined` when it means nothing to an auditor. */
export function auditEventOf({ eventID, dynamodb }: DynamoDBRecord): AuditEvent | undefined {
  const after = remembered(dynamodb?.NewImage as Item | undefined);
  if (after === undefined || eventID === undefined) return undefined;
  return auditEvent(remembered(dynamodb?.OldImage as Item | undefined), after, eventID);
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
    const unreadable = {
      detailType: 'Record Unreadable',
      version: '1',
      eventId,
      time: new Date(at).toISOString(),
      item: nameOf(newImage(record)),
      // Not its message, which may quote what the item holds.
      problem: error instanceof Error ? error.name : 'unknown',
    };
    return { eventId, at, record: unreadable };
  }
}

/** A record of the stream, and the event that it stands for. */
export interface Told<Event> {
  record: DynamoDBRecord;
  event: Event;
}

/**
 * Leaves out the events that the table does not confirm. The stream tells what the table went through, and nothing else;
 * but whoever may invoke a function that reads the stream can hand it records that they made up. What is left out is
 * logged and counted, and an alarm goes off.
 *
 * @param isPossible what must hold for an event besides
 * @throws what `items` throws. The stream delivers the records again then.
 */
export async function confirmedEvents<Event>(
  told: readonly Told<Event>[],
  items: StoredItems,
  isPossible: (event: Event) => boolean = () => true,
): Promise<Event[]> {
  const keys = new Map<string, Item>();
  for (const { record } of told) {
    const key = keyOf(record);
    if (key !== undefined) keys.set(nameOf(key), key);
  }
  const stored = new Map((await items.getMany([...keys.values()])).map((item) => [nameOf(item), item]));
  const confirmed: Event[] = [];
  const unconfirmed: string[] = [];
  for (const { record, event } of told) {
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

/** What DynamoDB names a record of a stream by. It goes into the event, so it is no text of any length. */
const EVENT_ID = /^[\w:.-]{1,64}$/;

/** The key of the item that a record is about; `undefined` where the table holds no such item, or the stream no such record. */
function keyOf(record: DynamoDBRecord): Item | undefined {
  const { pk, sk } = newImage(record);
  const { eventID } = record;
  if (typeof pk?.S !== 'string' || typeof sk?.S !== 'string') return undefined;
  if (typeof eventID !== 'string' || !EVENT_ID.test(eventID)) return undefined;
  const partition = pk.S;
  return REMEMBERED_PARTITIONS.some((beginning) => partition.startsWith(beginning)) ? { pk, sk } : undefined;
}

function isConfirmedBy(item: Item, record: DynamoDBRecord): boolean {
  try {
    const before = remembered(record.dynamodb?.OldImage as Item | undefined);
    const after = remembered(newImage(record));
    return after !== undefined && isConfirmed({ before, after }, remembered(item));
  } catch {
    // A change that cannot be read is in the table as it is, and cannot be read there either.
    return !isReadable(newImage(record)) && !isReadable(item);
  }
}

function isReadable(item: Item): boolean {
  try {
    const one = remembered(item);
    return one !== undefined && auditEvent(undefined, one, '') !== undefined;
  } catch {
    return false;
  }
}

function newImage({ dynamodb }: DynamoDBRecord): Item {
  return (dynamodb?.NewImage ?? {}) as Item;
}

/** Names an item by its keys, in at most as many characters as a table allows for them. */
function nameOf({ pk, sk }: Item): string {
  return `${pk?.S} ${sk?.S}`.slice(0, 3_200);
}
