import type { AuditEvent } from '@tvm/contract/events.ts';
import type { ReadEvent } from './read-events.ts';
import type { ArchivedRecord } from './read-record.ts';

// Converts audit events to OCSF, the schema of SIEMs and Amazon Security Lake. docs/adr/ explains the choice.
// https://schema.ocsf.io/1.3.0/classes/api_activity and …/detection_finding

const OCSF_VERSION = '1.3.0';

/** The activities of class 6003, API Activity. */
const activities = { Create: 1, Read: 2, Update: 3, Delete: 4, Other: 99 } as const;

/** The OCSF activity and status of each event. */
const API_EVENTS: Record<
  Exclude<AuditEvent['detailType'], 'Anomaly Detected'>,
  [activity: keyof typeof activities, status: 'Success' | 'Failure']
> = {
  'Token Issued': ['Create', 'Success'],
  'Token Denied': ['Create', 'Failure'],
  'Token Failed': ['Create', 'Failure'],
  'Token Revoked': ['Delete', 'Success'],
  'Token Expired': ['Delete', 'Success'],
  'Token Introspected': ['Read', 'Success'],
  'Token Used': ['Other', 'Success'],
  'Revocation Ordered': ['Delete', 'Success'],
  'Revocation Completed': ['Delete', 'Success'],
  'Revocation Refused': ['Delete', 'Failure'],
  'Subject Blocked': ['Update', 'Success'],
  'Subject Unblocked': ['Update', 'Success'],
  'Subject Limited': ['Update', 'Success'],
  'Policy Changed': ['Update', 'Success'],
  'Signing Keys Changed': ['Update', 'Success'],
  'Security Event Received': ['Other', 'Success'],
  'Verification Requested': ['Other', 'Success'],
};

const SEVERITIES = { informational: 1, low: 2, medium: 3, high: 4 } as const;

/**
 * Converts an event in the archive to an OCSF event. Data without an OCSF attribute is in `unmapped`.
 *
 * @param objectClass a pending event has the label `pending` in its metadata
 */
export function toOcsf(record: ArchivedRecord, objectClass: ReadEvent['class']): Record<string, unknown> {
  const event = record.detailType === 'Anomaly Detected' ? detectionFinding(record) : apiActivity(record);
  return objectClass === 'pending' ? { ...event, metadata: { ...event.metadata, labels: ['pending'] } } : event;
}

function apiActivity(record: ArchivedRecord) {
  const { detailType, eventId, time, ...rest } = record;
  const { subject, account, session, tokenId, by, revokedBy, sourceIp, requestId, location, authorizationDetails } =
    rest;
  const [activity, status] = known(detailType) ? API_EVENTS[detailType] : (['Other', 'Success'] as const);
  const failed = status === 'Failure' || rest.outcome === 'refused' || rest.result === 'revoked';
  const actor = by ?? revokedBy ?? subject;
  return {
    ...base(record, { class: 6003, category: 6, activity: activities[activity], activityName: activity }),
    severity_id: SEVERITIES[failed ? 'low' : 'informational'],
    status_id: failed ? 2 : 1,
    status: failed ? 'Failure' : 'Success',
    ...optional('status_detail', rest.denial ?? rest.failure ?? rest.problem),
    message: detailType,
    actor: {
      // The actor is the caller. The workload of the token is among the resources.
      user: { uid: actor ?? 'token vending machine', ...(account !== undefined && { account: { uid: account } }) },
      ...(tokenId !== undefined && { session: { uid: tokenId, issuer: 'token vending machine' } }),
    },
    api: {
      operation: detailType,
      service: { name: 'token vending machine' },
      ...(requestId !== undefined && { request: { uid: requestId } }),
    },
    src_endpoint: sourceIp === undefined ? { name: actor ?? 'token vending machine' } : { ip: sourceIp },
    resources: [
      ...(subject === undefined ? [] : [{ uid: subject, type: 'workload', ...optional('name', session) }]),
      ...(tokenId === undefined ? [] : [{ uid: tokenId, type: 'token' }]),
      ...locations(location, authorizationDetails).map((uid) => ({ uid, type: 'location' })),
    ],
  };
}

function detectionFinding(record: ArchivedRecord) {
  const { eventId, time, detector, severity, what, subject, tokenId } = record;
  return {
    ...base(record, { class: 2004, category: 2, activity: 1, activityName: 'Create' }),
    severity_id: SEVERITIES[severity as keyof typeof SEVERITIES] ?? 0,
    status_id: 1,
    message: what,
    finding_info: {
      uid: eventId,
      title: `Unusual use of tokens: ${detector}`,
      desc: what,
      created_time: Date.parse(time),
      analytic: { uid: detector, name: detector, type_id: 1, type: 'Rule' },
    },
    resources: [
      ...(subject === undefined ? [] : [{ uid: subject, type: 'workload' }]),
      ...(tokenId === undefined ? [] : [{ uid: tokenId, type: 'token' }]),
    ],
  };
}

interface Class {
  class: number;
  category: number;
  activity: number;
  activityName: string;
}

/** The attributes that all OCSF events share. */
function base(record: ArchivedRecord, { class: classUid, category, activity, activityName }: Class) {
  const { detailType, eventId, time, ...unmapped } = record;
  return {
    class_uid: classUid,
    category_uid: category,
    activity_id: activity,
    activity_name: activityName,
    type_uid: classUid * 100 + activity,
    time: Date.parse(time),
    metadata: {
      version: OCSF_VERSION,
      uid: eventId,
      event_code: detailType,
      original_time: time,
      product: { name: 'token vending machine', vendor_name: 'token vending machine' },
      profiles: ['cloud'],
    },
    cloud: { provider: 'AWS', ...(record.account !== undefined && { account: { uid: record.account } }) },
    unmapped,
  };
}

function known(detailType: string): detailType is keyof typeof API_EVENTS {
  return Object.hasOwn(API_EVENTS, detailType);
}

function optional(name: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [name]: value };
}

function locations(location: unknown, details: unknown): unknown[] {
  if (location !== undefined) return [location];
  if (!Array.isArray(details)) return [];
  return [...new Set(details.flatMap(({ locations = [] }) => locations))];
}
