import { describe, expect, it } from 'vitest';
import { auditEventExamples } from '../../../../contract/event-examples.ts';
import { auditEvents } from '../../../../contract/events.ts';
import { toOcsf } from '../../../../core/audit-archive/ocsf.ts';

const records = auditEventExamples.map(({ detailType, detail }) => ({ detailType, ...detail }));

/** What schema 1.3.0 requires: https://schema.ocsf.io/1.3.0/classes/api_activity, …/detection_finding. */
const REQUIRED = {
  6003: [
    'activity_id',
    'actor',
    'api',
    'category_uid',
    'class_uid',
    'cloud',
    'metadata',
    'severity_id',
    'src_endpoint',
    'time',
    'type_uid',
  ],
  2004: [
    'activity_id',
    'category_uid',
    'class_uid',
    'cloud',
    'finding_info',
    'metadata',
    'severity_id',
    'time',
    'type_uid',
  ],
};

it('every kind of event has an example here', () => {
  expect(new Set(records.map(({ detailType }) => detailType))).toEqual(new Set(Object.keys(auditEvents)));
});

describe.each(records.map((record) => [record.detailType, record] as const))('%s', (detailType, record) => {
  const event = toOcsf(record, 'vouched');

  it('has what its class requires', () => {
    const classUid = detailType === 'Anomaly Detected' ? 2004 : 6003;
    expect(event.class_uid).toBe(classUid);
    expect(Object.keys(event)).toEqual(expect.arrayContaining(REQUIRED[classUid]));
    expect(event.type_uid).toBe(classUid * 100 + Number(event.activity_id));
    expect(event.category_uid).toBe(Math.floor(classUid / 1000));
    expect(event.time).toBe(Date.parse(record.time));
    expect(event.metadata).toMatchObject({ version: '1.3.0', uid: record.eventId, event_code: detailType });
  });

  it('loses nothing of the event', () => {
    const { detailType: _type, eventId: _id, time: _time, ...rest } = record;
    expect(event.unmapped).toEqual(rest);
  });
});

it('tells a refusal from a token, who asked, from where, and for what', () => {
  const denied = records.find(({ detailType }) => detailType === 'Token Denied');
  expect(denied && toOcsf(denied, 'vouched')).toMatchObject({
    activity_name: 'Create',
    status: 'Failure',
    status_detail: 'policy',
    actor: { user: { uid: 'arn:aws:iam::111122223333:role/orders-service', account: { uid: '111122223333' } } },
    src_endpoint: { ip: '203.0.113.7' },
    resources: expect.arrayContaining([{ uid: 'orders-db/orders', type: 'location' }]),
  });
});

it('a pending event is labelled, and is otherwise the same', () => {
  for (const record of records) {
    const { metadata, ...rest } = toOcsf(record, 'vouched');
    expect(toOcsf(record, 'pending')).toEqual({ ...rest, metadata: { ...(metadata as object), labels: ['pending'] } });
    expect(metadata).not.toHaveProperty('labels');
  }
});

it('what the archive could not read is exported too', () => {
  const unreadable = {
    detailType: 'Record Unreadable',
    eventId: '1',
    time: '2026-11-22T12:00:00.000Z',
    item: 'TOKEN#1 RECORD',
  };
  expect(toOcsf(unreadable, 'vouched')).toMatchObject({
    class_uid: 6003,
    activity_id: 99,
    message: 'Record Unreadable',
  });
});
