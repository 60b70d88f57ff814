import { readFileSync } from 'node:fs';
import { auditEventExamples } from '@tvm/contract/event-examples.ts';
import { auditEvents } from '@tvm/contract/events.ts';
import { toOcsf } from '@tvm/core/audit/archive/ocsf.ts';
import { describe, expect, it } from 'vitest';
import { strictAjv } from '#test/support/json-schema.ts';

const records = auditEventExamples.map(({ detailType, detail }) => ({ detailType, ...detail }));

/** The classes of schema 1.3.0. test/fixtures/ocsf/README.md names the source. */
const SCHEMAS = { 6003: 'api_activity', 2004: 'detection_finding' } as const;
const ajv = strictAjv();
const validators = Object.fromEntries(
  Object.entries(SCHEMAS).map(([classUid, name]) => {
    const file = new URL(`../../../../fixtures/ocsf/${name}.schema.json`, import.meta.url);
    return [classUid, ajv.compile(JSON.parse(readFileSync(file, 'utf8')))];
  }),
);

/** Validates an event against the schema of its class, and returns the errors. */
function problemsOf(event: Record<string, unknown>): unknown {
  const accepts = validators[Number(event.class_uid)];
  return accepts?.(event) ? undefined : (accepts?.errors ?? 'no such class');
}

it('has an example of every type of event', () => {
  expect(new Set(records.map(({ detailType }) => detailType))).toEqual(new Set(Object.keys(auditEvents)));
});

describe.each(records.map((record) => [record.detailType, record] as const))('%s', (detailType, record) => {
  const event = toOcsf(record, 'vouched');

  it('is valid according to the schema of its class, which rejects unknown attributes', () => {
    const classUid = detailType === 'Anomaly Detected' ? 2004 : 6003;
    expect(event.class_uid).toBe(classUid);
    expect(problemsOf(event)).toBeUndefined();
    expect(event.type_uid).toBe(classUid * 100 + Number(event.activity_id));
    expect(event.category_uid).toBe(Math.floor(classUid / 1000));
    expect(event.time).toBe(Date.parse(record.time));
    expect(event.metadata).toMatchObject({ version: '1.3.0', uid: record.eventId, event_code: detailType });
    expect(problemsOf({ ...event, is_alert: true }), 'an attribute of OCSF 1.4').toBeDefined();
  });

  it('contains all data of the event', () => {
    const { detailType: _type, eventId: _id, time: _time, ...rest } = record;
    expect(event.unmapped).toEqual(rest);
  });
});

it('is valid with and without every optional property, and at their limits', () => {
  const changes = [
    { sourceIp: '2001:db8::7' },
    { sourceIp: '::1' },
    { subject: 'x'.repeat(512), session: 'y'.repeat(64) },
    { authorizationDetails: [] },
    { severity: 'unheard of' },
    ...['account', 'session', 'tokenId', 'subject', 'sourceIp', 'requestId', 'by'].map((name) => ({
      [name]: undefined,
    })),
  ];
  for (const record of records) {
    for (const change of changes) {
      // Like in the archive: JSON, without undefined properties.
      const changed = JSON.parse(JSON.stringify({ ...record, ...change }));
      expect(problemsOf(toOcsf(changed, 'vouched')), `${record.detailType} ${JSON.stringify(change)}`).toBeUndefined();
    }
  }
});

it('distinguishes a denial from a token, and contains the caller, the source and the resource', () => {
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

it('only adds a label to a pending event', () => {
  for (const record of records) {
    const { metadata, ...rest } = toOcsf(record, 'vouched');
    expect(toOcsf(record, 'pending')).toEqual({ ...rest, metadata: { ...(metadata as object), labels: ['pending'] } });
    expect(metadata).not.toHaveProperty('labels');
  }
});

it('exports events of unknown types too', () => {
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
  expect(problemsOf(toOcsf(unreadable, 'vouched'))).toBeUndefined();
});
