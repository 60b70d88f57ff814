import { randomUUID } from 'node:crypto';
import { type AuditEvent, REVOCATION_REQUESTED } from '@tvm/contract/events.ts';
import { type AuditedItem, auditEvent } from '@tvm/core/audit/audit-event.ts';
import type { SQSBatchResponse } from 'aws-lambda';
import { recordKey, toItem } from '#lambdas/adapters/dynamo/items.ts';
import { CheckFailed, calls } from './check.ts';
import type { FirstEvent } from './first-event.ts';
import type { StubAws } from './stub-aws.ts';
import type { VendedToken } from './vended-token.ts';

/** The account of the TVM deployment. */
const ACCOUNT = '000000000000';

/** Returns the first events of the functions that a queue, the table's stream or the scheduler invokes. */
export function firstMessages({ record }: VendedToken, aws: StubAws): Record<string, FirstEvent> {
  const { tokenId, subject, decidedAt, expiresAt } = record;
  const changed = {
    eventID: randomUUID(),
    eventName: 'INSERT',
    dynamodb: { ApproximateCreationDateTime: decidedAt / 1000, Keys: recordKey(tokenId), NewImage: toItem(record) },
  };
  const issued = audited({ kind: 'record', record });
  const revocation = { revokedAt: decidedAt, revokedBy: 'security.team' };
  const revoked = audited({ kind: 'record', record: { ...record, status: 'revoked', ...revocation } });
  const ordered = audited({
    kind: 'order',
    order: {
      revocationId: randomUUID(),
      selector: { subject },
      revokedBefore: decidedAt,
      from: expiresAt,
      by: 'security.team',
      orderedAt: decidedAt,
      revoked: 0,
    },
  });
  const requested = {
    id: randomUUID(),
    source: 'security.team',
    account: ACCOUNT,
    'detail-type': REVOCATION_REQUESTED,
    detail: { tokenId },
  };
  return {
    'revoke-tokens-by-event': { ...queued(requested, 'GetItem,UpdateItem'), environment: { ACCOUNT } },
    'index-tokens': queued(issued, 'BatchGetItem,BatchWriteItem'),
    'update-status-lists': queued(revoked, 'GetItem,GetPublicKey,PutItem,Sign'),
    'detect-anomalies': queued(issued, 'GetItem,PutItem'),
    'transmit-security-events': {
      ...queued(ordered, 'GetPublicKey,Sign'),
      environment: { RECEIVER_URL: `${aws.url}/security-events` },
    },
    'keep-security-events': queued(ordered, 'GetPublicKey,PutItem,Sign'),
    'publish-audit': {
      event: { Records: [changed] },
      check: (_, awsCalls) => calls(awsCalls, 'BatchGetItem,PutEvents'),
    },
    'archive-audit': {
      event: { Records: [changed] },
      check: (_, awsCalls) => calls(awsCalls, 'BatchGetItem,PutObject,Query'),
    },
    // The event is for the previous hour, which has no archived events.
    'digest-audit': {
      event: {},
      check: (_, awsCalls) => calls(awsCalls, 'GetPublicKey,ListObjectsV2,PutObject,Sign'),
    },
    // The function records the deployment and reads its progress, and then has no time left.
    'sweep-tokens': { event: {}, check: (_, awsCalls) => calls(awsCalls, 'GetItem,PutItem') },
    'count-tokens': { event: {}, check: (_, awsCalls) => calls(awsCalls, 'Query') },
  };
}

/** Returns the audit event of a change, as on the bus. */
function audited(after: AuditedItem): object {
  const { detailType, detail } = auditEvent(undefined, after, randomUUID()) as AuditEvent;
  return { id: randomUUID(), source: 'tvm', 'detail-type': detailType, detail };
}

/** Wraps an event in a queue message. The function must process all of it. */
function queued(event: object, expected: string): FirstEvent {
  const attributes = { SentTimestamp: String(Date.now()) };
  return {
    event: { Records: [{ messageId: randomUUID(), body: JSON.stringify(event), attributes }] },
    check(response, awsCalls) {
      if ((response as SQSBatchResponse).batchItemFailures.length > 0)
        throw new CheckFailed('the function did not process its first event');
      calls(awsCalls, expected);
    },
  };
}
