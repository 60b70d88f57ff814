import { describe, expect, it } from 'vitest';
import { type AuditEvent, auditEvents } from '../../../contract/events.ts';
import { auditEvent } from '../../../core/audit-event.ts';
import { publishAudit } from '../../../core/publish-audit.ts';
import type { IssuedRecord, TokenRecord } from '../../../core/token-record.ts';
import { asking, recordOf } from '../../fakes/machine.ts';

describe('auditEvent', () => {
  it.each<[string, () => Promise<[TokenRecord | undefined, TokenRecord]>, string]>([
    ['a vended token', async () => [undefined, await recordOf()], 'Token Issued'],
    ['a refusal', async () => [undefined, await recordOf(asking({ audience: 'billing' }))], 'Token Denied'],
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
        return [issued, { ...issued, status: 'revoked', revokedAt: issued.decidedAt + 5, revokedBy: 'security.team' }];
      },
      'Token Revoked',
    ],
  ])('%s is an event as its schema says', async (_, change, detailType) => {
    const [before, after] = await change();
    const event = auditEvent(before, after, 'event-1');
    expect(event?.detailType).toBe(detailType);
    const schema = auditEvents[detailType as AuditEvent['detailType']].strict();
    expect(schema.parse(event?.detail)).toMatchObject({ eventId: 'event-1', tokenId: after.tokenId, version: '1' });
  });

  it('tells a token that writes by one look', async () => {
    const record = await recordOf();
    const entry = { type: 'resource' as const, locations: ['orders-db/orders'] };
    const access = (...actions: ('read' | 'write')[][]) => {
      const authorizationDetails = actions.map((some) => ({ ...entry, actions: some }));
      return auditEvent(undefined, { ...record, authorizationDetails }, 'event-1')?.detail.access;
    };
    expect([
      access(['read']),
      access(['write']),
      access(['read'], ['write']),
      access(['read', 'write']),
      access(),
    ]).toEqual(['read', 'write', 'read-write', 'read-write', 'none']);
  });

  it('is nothing when the state did not change', async () => {
    const record = await recordOf();
    expect(auditEvent(record, { ...record, ttl: 1 }, 'event-1')).toBeUndefined();
  });

  it('never holds what was signed', async () => {
    const record = (await recordOf()) as IssuedRecord;
    const event = JSON.stringify(auditEvent(undefined, record, 'event-1'));
    expect(event).not.toContain('signedDigest');
    expect(event).not.toContain(Buffer.from(record.signedDigest).toString('base64'));
  });
});

describe('publishAudit', () => {
  const event = (tokenId: string, eventId: string) =>
    ({ detailType: 'Token Issued', detail: { tokenId, eventId } }) as AuditEvent;
  const wait = async () => {};

  /** A bus that refuses events at random, and dead letters; `log` is the order in which events were settled. */
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

  it('publishes each event once when all goes well', async () => {
    const { log, dead, ports } = unreliable(() => false);
    expect(await publishAudit(many, ports)).toBe(0);
    expect(log.toSorted()).toEqual(many.map(({ detail }) => detail.eventId).toSorted());
    expect(dead).toEqual([]);
  });

  it('keeps the order of each token, whatever the bus refuses', async () => {
    const { log, ports } = unreliable(({ detail }, offer) => (Number(detail.eventId.slice(6)) * 7 + offer) % 3 === 0);
    await publishAudit(many, ports);
    for (let token = 0; token < 7; token++) {
      const own = log.filter((eventId) => Number(eventId.slice(6)) % 7 === token);
      expect(own).toEqual(
        many.filter(({ detail }) => detail.tokenId === `token-${token}`).map(({ detail }) => detail.eventId),
      );
    }
  });

  it('puts on the dead-letter queue what the bus keeps refusing', async () => {
    const { dead, ports } = unreliable(({ detail }) => detail.eventId === 'event-3');
    expect(await publishAudit(many, ports)).toBe(1);
    expect(dead).toEqual(['event-3']);
  });

  it('throws when even that fails, so that the stream delivers again', async () => {
    const { ports } = unreliable(() => true);
    const deadLetters = { put: async () => Promise.reject(new Error('queue down')) };
    await expect(publishAudit(many, { ...ports, deadLetters })).rejects.toThrow('queue down');
  });
});
