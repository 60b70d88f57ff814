import { auditEventExamples } from '@tvm/contract/event-examples.ts';
import { type AuditEvent, auditEvents } from '@tvm/contract/events.ts';
import { type AuditedItem, auditEvent, isPublished } from '@tvm/core/audit/audit-event.ts';
import { publishAudit } from '@tvm/core/audit/publish-audit.ts';
import { type AuditFact, subjectBlocked, subjectLimited, subjectUnblocked } from '@tvm/core/records/audit-fact.ts';
import type { IssuedRecord, TokenRecord } from '@tvm/core/records/token-record.ts';
import type { RevocationState } from '@tvm/core/revocation/requests/revocation-request.ts';
import { describe, expect, it } from 'vitest';
import { asking, recordOf, SUBJECT } from '#test/fakes/in-memory-service.ts';

const AT = Date.UTC(2026, 0, 1, 12);
const by = 'security.team';

const ofRecord = (record: TokenRecord): AuditedItem => ({ kind: 'record', record });
const ofOrder = (order: RevocationState): AuditedItem => ({ kind: 'order', order });

/** Converts a change to an event and validates the event against its schema. */
function validEvent(before: AuditedItem | undefined, after: AuditedItem): AuditEvent | undefined {
  const event = auditEvent(before, after, 'event-1');
  if (event === undefined) return undefined;
  const detail = auditEvents[event.detailType].strict().parse(event.detail);
  expect(detail).toMatchObject({ eventId: 'event-1', version: '1' });
  return event;
}

describe('a change of a record', () => {
  it.each<[string, () => Promise<[TokenRecord | undefined, TokenRecord]>, string]>([
    ['an issued token', async () => [undefined, await recordOf()], 'Token Issued'],
    ['a denial', async () => [undefined, await recordOf(asking({ audience: 'billing' }))], 'Token Denied'],
    [
      'a failure',
      async () => {
        const issued = (await recordOf()) as IssuedRecord;
        return [issued, { ...issued, status: 'failed', failure: 'signing_failed', failedAt: issued.decidedAt + 5 }];
      },
      'Token Failed',
    ],
    [
      'a revocation',
      async () => {
        const issued = (await recordOf()) as IssuedRecord;
        return [issued, { ...issued, status: 'revoked', revokedAt: issued.decidedAt + 5, revokedBy: by }];
      },
      'Token Revoked',
    ],
    [
      'an expiry',
      async () => {
        const issued = (await recordOf()) as IssuedRecord;
        return [issued, { ...issued, status: 'expired' }];
      },
      'Token Expired',
    ],
  ])('%s becomes a valid event', async (_, change, detailType) => {
    const [before, after] = await change();
    const event = validEvent(before && ofRecord(before), ofRecord(after));
    expect(event).toMatchObject({ detailType, detail: { tokenId: after.tokenId } });
  });

  it('contains the time of expiry, even if the change was recorded later', async () => {
    const issued = (await recordOf()) as IssuedRecord;
    const event = validEvent(ofRecord(issued), ofRecord({ ...issued, status: 'expired' }));
    expect(event?.detail).toMatchObject({ time: new Date(issued.expiresAt).toISOString() });
  });

  it('names the revocation and the task of a revoked token', async () => {
    const issued = (await recordOf(asking({ task: 'nightly-report' }))) as IssuedRecord;
    const revoked = { revokedAt: AT, revokedBy: by, revocationReason: 'leaked', revocationId: 'revocation-1' };
    const event = validEvent(ofRecord(issued), ofRecord({ ...issued, status: 'revoked', ...revoked }));
    expect(event?.detail).toMatchObject({ ...revoked, revokedAt: '2026-01-01T12:00:00.000Z', task: 'nightly-report' });
  });

  it('summarizes the actions of a token', async () => {
    const record = await recordOf();
    const entry = { type: 'resource' as const, locations: ['orders-db/orders'] };
    const access = (...actions: ('read' | 'write')[][]) => {
      const authorizationDetails = actions.map((some) => ({ ...entry, actions: some }));
      return auditEvent(undefined, ofRecord({ ...record, authorizationDetails }), 'event-1')?.detail;
    };
    expect([
      access(['read']),
      access(['write']),
      access(['read'], ['write']),
      access(['read', 'write']),
      access(),
    ]).toMatchObject(['read', 'write', 'read-write', 'read-write', 'none'].map((said) => ({ access: said })));
  });

  it('is not an event if the state did not change', async () => {
    const record = await recordOf();
    expect(validEvent(ofRecord(record), ofRecord({ ...record, ttl: 1 }))).toBeUndefined();
  });

  it('never contains the signed digest', async () => {
    const record = (await recordOf()) as IssuedRecord;
    const event = JSON.stringify(validEvent(undefined, ofRecord(record)));
    expect(event).not.toContain('signedDigest');
    expect(event).not.toContain(Buffer.from(record.signedDigest).toString('base64'));
  });
});

describe('a fact about a subject', () => {
  const restriction = { until: AT + 3_600_000, at: AT, by, reason: 'stolen' };
  const { reason, ...unexplained } = restriction;
  const told = (fact: AuditFact) => validEvent(undefined, { kind: 'fact', fact });

  it('contains the principal, the reason and the end of a block', () => {
    expect(told(subjectBlocked(SUBJECT, restriction))).toMatchObject({
      detailType: 'Subject Blocked',
      detail: { time: '2026-01-01T12:00:00.000Z', subject: SUBJECT, until: '2026-01-01T13:00:00.000Z', by, reason },
    });
    expect(told(subjectBlocked(SUBJECT, unexplained))?.detail).not.toHaveProperty('reason');
  });

  it('names the principal that removed a block', () => {
    const operator = 'arn:aws:iam::111122223333:role/operator';
    expect(told(subjectUnblocked(SUBJECT, { at: AT + 1, by: operator, reason: 'found' }))).toMatchObject({
      detailType: 'Subject Unblocked',
      detail: { time: '2026-01-01T12:00:00.001Z', subject: SUBJECT, by: operator, reason: 'found' },
    });
  });

  it('contains the maximum lifetime of its tokens and the end of the limit', () => {
    expect(told(subjectLimited(SUBJECT, { ...restriction, lifetime: 60 }))).toMatchObject({
      detailType: 'Subject Limited',
      detail: { subject: SUBJECT, lifetime: 60, until: '2026-01-01T13:00:00.000Z', by, reason },
    });
  });
});

describe('a change of a revocation', () => {
  const order: RevocationState = {
    revocationId: 'revocation-1',
    selector: { audience: 'orders-db' },
    revokedBefore: AT,
    from: AT,
    by,
    reason: 'leaked',
    orderedAt: AT,
    revoked: 0,
  };

  it('is an event when it is submitted, with its start if it is not immediate', () => {
    const event = validEvent(undefined, ofOrder(order));
    expect(event).toMatchObject({
      detailType: 'Revocation Ordered',
      detail: { revocationId: 'revocation-1', selector: { audience: 'orders-db' }, by, reason: 'leaked' },
    });
    expect(event?.detail).not.toHaveProperty('from');
    expect(validEvent(undefined, ofOrder({ ...order, from: AT + 1 }))?.detail).toHaveProperty('from');
  });

  it('is an event when it is completed, once, and never in between', () => {
    const further = { ...order, revoked: 100, position: 'somewhere' };
    expect(validEvent(ofOrder(order), ofOrder(further))).toBeUndefined();
    const completed = { ...order, revoked: 120, completedAt: AT + 900 };
    expect(validEvent(ofOrder(further), ofOrder(completed))).toMatchObject({
      detailType: 'Revocation Completed',
      detail: { revoked: 120, time: '2026-01-01T12:00:00.900Z' },
    });
    expect(validEvent(ofOrder(completed), ofOrder({ ...completed, revoked: 121 }))).toBeUndefined();
  });
});

describe('an introspection', () => {
  const told = (result: 'active' | 'revoked', count: number): AuditedItem => ({
    kind: 'introspections',
    introspections: {
      tokenId: '35445779-b11b-466e-9611-a4ba0a6b9a7d',
      subject: SUBJECT,
      audience: 'orders-db',
      by: 'arn:aws:iam::111122223333:role/orders-db',
      result,
      minute: AT,
      last: AT + 12_480,
      count,
    },
  });

  it('is an event for each introspection', () => {
    expect(validEvent(told('active', 1), told('active', 2))).toMatchObject({
      detailType: 'Token Introspected',
      detail: { time: '2026-01-01T12:00:12.480Z', result: 'active', count: 2 },
    });
  });

  it('is published only if it is the first of a revoked token in a minute', () => {
    const published = ([result, count]: ['active' | 'revoked', number]) => {
      const event = validEvent(undefined, told(result, count));
      return event && isPublished(event);
    };
    expect([published(['active', 1]), published(['revoked', 1]), published(['revoked', 2])]).toEqual([
      false,
      true,
      false,
    ]);
    expect(auditEventExamples.every(isPublished)).toBe(true);
  });
});

it.each([
  'Token Used',
  'Subject Blocked',
  'Subject Unblocked',
  'Subject Limited',
  'Revocation Refused',
  'Anomaly Detected',
  'Policy Changed',
  'Signing Keys Changed',
  'Security Event Received',
  'Verification Requested',
] as const)('the fact "%s" is the event that it says', (detailType) => {
  const example = auditEventExamples.find((event) => event.detailType === detailType);
  const { version, eventId, ...detail } = example?.detail ?? {};
  const event = validEvent(undefined, { kind: 'fact', fact: { detailType, detail } } as AuditedItem);
  expect(event).toEqual({ detailType, detail: { version: '1', eventId: 'event-1', ...detail } });
});

it('has one example of each event', () => {
  expect(auditEventExamples.map(({ detailType }) => detailType)).toEqual(Object.keys(auditEvents));
});

describe('publishAudit', () => {
  const event = (tokenId: string, eventId: string) =>
    ({ detailType: 'Token Issued', detail: { tokenId, eventId } }) as AuditEvent;
  const wait = async () => {};

  /**
   * A bus that rejects events at random, and dead letters. `log` has the order in which events were published or
   * stored.
   */
  function unreliable(refuse: (event: AuditEvent, offer: number) => boolean) {
    const log: string[] = [];
    const dead: string[] = [];
    const offers = new Map<string, number>();
    return {
      log,
      dead,
      ports: {
        wait,
        bus: {
          put: async (events: readonly AuditEvent[]) => {
            expect(events.length).toBeLessThanOrEqual(10);
            const refused = events.filter(({ detail }, index) => {
              const offer = (offers.get(detail.eventId) ?? 0) + 1;
              offers.set(detail.eventId, offer);
              return refuse(events[index] as AuditEvent, offer);
            });
            for (const taken of events) if (!refused.includes(taken)) log.push(taken.detail.eventId);
            return refused;
          },
        },
        deadLetters: {
          put: async ({ detail }: AuditEvent) => {
            dead.push(detail.eventId);
            log.push(detail.eventId);
          },
        },
      },
    };
  }
  const many = Array.from({ length: 57 }, (_, n) => event(`token-${n % 7}`, `event-${n}`));

  it('publishes each event once if nothing fails', async () => {
    const { log, dead, ports } = unreliable(() => false);
    expect(await publishAudit(many, ports)).toBe(0);
    expect(log.toSorted()).toEqual(many.map(({ detail }) => detail.eventId).toSorted());
    expect(dead).toEqual([]);
  });

  it('keeps the order of each token, whichever events the bus rejects', async () => {
    const { log, ports } = unreliable(({ detail }, offer) => (Number(detail.eventId.slice(6)) * 7 + offer) % 3 === 0);
    await publishAudit(many, ports);
    for (let token = 0; token < 7; token++) {
      const own = log.filter((eventId) => Number(eventId.slice(6)) % 7 === token);
      expect(own).toEqual(many.map(({ detail }) => detail.eventId).filter((_, n) => n % 7 === token));
    }
  });

  it('sends an event to the dead-letter queue if the bus keeps rejecting it', async () => {
    const { dead, ports } = unreliable(({ detail }) => detail.eventId === 'event-3');
    expect(await publishAudit(many, ports)).toBe(1);
    expect(dead).toEqual(['event-3']);
  });

  it('throws if the dead-letter queue fails, so that the stream delivers the events again', async () => {
    const { ports } = unreliable(() => true);
    const deadLetters = { put: async () => Promise.reject(new Error('queue down')) };
    await expect(publishAudit(many, { ...ports, deadLetters })).rejects.toThrow('queue down');
  });
});
