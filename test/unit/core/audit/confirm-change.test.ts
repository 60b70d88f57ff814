import { auditEventExamples } from '@tvm/contract/event-examples.ts';
import { type AuditedItem, auditEvent } from '@tvm/core/audit/audit-event.ts';
import { type Change, isConfirmed } from '@tvm/core/audit/confirm-change.ts';
import { type AuditFact, subjectBlocked } from '@tvm/core/records/audit-fact.ts';
import type { IssuedRecord, TokenRecord } from '@tvm/core/records/token-record.ts';
import type { RevocationState } from '@tvm/core/revocation/requests/revocation-request.ts';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { asking, recordOf, SUBJECT } from '#test/fakes/in-memory-service.ts';

const AT = Date.UTC(2026, 0, 1, 12);
const OPERATOR = 'arn:aws:iam::111122223333:role/operator';

let issued: IssuedRecord;
let denied: TokenRecord;
beforeAll(async () => {
  issued = (await recordOf(asking({ task: 'nightly', reason: 'report' }))) as IssuedRecord;
  denied = await recordOf(asking({ audience: 'billing' }));
});

const ofRecord = (record: TokenRecord): AuditedItem => ({ kind: 'record', record });
const ofOrder = (order: RevocationState): AuditedItem => ({ kind: 'order', order });
const ofFact = (fact: AuditFact): AuditedItem => ({ kind: 'fact', fact });
const introspected = (count: number, last: number, more: object = {}): AuditedItem => ({
  kind: 'introspections',
  introspections: {
    tokenId: issued.tokenId,
    subject: SUBJECT,
    audience: 'orders-db',
    by: 'arn:aws:iam::111122223333:role/orders-db',
    result: 'revoked',
    minute: AT,
    last: AT + last,
    count,
    ...more,
  },
});

const order: RevocationState = {
  revocationId: 'revocation-1',
  selector: { audience: 'orders-db' },
  revokedBefore: AT,
  from: AT,
  by: OPERATOR,
  reason: 'leaked',
  orderedAt: AT,
  revoked: 0,
};
const walked: RevocationState = { ...order, revoked: 100, position: 'walked' };
const completed: RevocationState = { ...walked, revoked: 102, completedAt: AT + 900 };

const revoked = (): TokenRecord => ({
  ...issued,
  status: 'revoked',
  revokedAt: issued.decidedAt + 5,
  revokedBy: OPERATOR,
  revocationReason: 'leaked',
});
const failed = (): TokenRecord => ({ ...issued, status: 'failed', failure: 'signing_failed', failedAt: AT });
const expired = (): TokenRecord => ({ ...issued, status: 'expired' });

/** The states of stored items, in order. */
const histories: [string, () => AuditedItem[]][] = [
  ['a token that is issued', () => [ofRecord(issued)]],
  ['a request that is denied', () => [ofRecord(denied)]],
  ['a token that is revoked', () => [ofRecord(issued), ofRecord(revoked())]],
  ['a token that fails', () => [ofRecord(issued), ofRecord(failed())]],
  ['a token that expires', () => [ofRecord(issued), ofRecord(expired())]],
  ['a revocation', () => [ofOrder(order), ofOrder(walked), ofOrder(completed)]],
  ['introspections', () => [introspected(1, 500), introspected(2, 400), introspected(3, 900), introspected(4, 901)]],
  ['a fact', () => [ofFact(subjectBlocked(SUBJECT, { until: AT + 1, at: AT, by: OPERATOR, reason: 'stolen' }))]],
];

const changesOf = (history: readonly AuditedItem[]): Change[] =>
  history.map((after, nth) => ({ before: history[nth - 1], after }));

describe('a change is confirmed', () => {
  it.each(histories)('immediately, and in every later state of the item: %s', (_, history) => {
    const states = history();
    for (const [nth, change] of changesOf(states).entries()) {
      // A change that is not an event is not looked up.
      if (auditEvent(change.before, change.after, 'e') === undefined) continue;
      for (const stored of states.slice(nth)) expect(isConfirmed(change, stored)).toBe(true);
    }
  });

  it('by a stored item that differs only in data that events do not contain', () => {
    const later = { ...issued, size: 1, ttl: 1, signedDigest: new Uint8Array(32) };
    expect(isConfirmed({ before: undefined, after: ofRecord(issued) }, ofRecord(later))).toBe(true);
  });
});

describe('a change is not confirmed', () => {
  it.each(histories)('when nothing is stored: %s', (_, history) => {
    for (const change of changesOf(history())) expect(isConfirmed(change, undefined)).toBe(false);
  });

  it.each(histories)('if the item is still in an earlier state: %s', (_, history) => {
    const states = history();
    for (const [nth, change] of changesOf(states).entries()) {
      if (auditEvent(change.before, change.after, 'e') === undefined) continue;
      for (const stored of states.slice(0, nth)) expect(isConfirmed(change, stored)).toBe(false);
    }
  });

  it.each<[string, (record: TokenRecord) => TokenRecord]>([
    ['another subject', (record) => ({ ...record, subject: OPERATOR })],
    ['another token', (record) => ({ ...record, tokenId: crypto.randomUUID() })],
    ['another audience', (record) => ({ ...record, audience: 'billing' })],
    ['other grants', (record) => ({ ...record, authorizationDetails: [] })],
    ['another time', (record) => ({ ...record, decidedAt: record.decidedAt + 1 })],
    ['another address', (record) => ({ ...record, sourceIp: '192.0.2.1' })],
    ['another reason', (record) => ({ ...record, reason: 'none' })],
    ['other policies', (record) => ({ ...record, policies: [] })],
    [
      'another index in the status list',
      (record) => ({ ...record, statusList: { list: 1, index: 999 } }) as TokenRecord,
    ],
    ['a later expiry', (record) => ({ ...record, expiresAt: AT * 2 }) as TokenRecord],
    ['a denial', (record) => ({ ...record, status: 'denied', denial: 'policy', policyErrors: [] }) as TokenRecord],
    ['a failure', failed],
    ['an expiry', expired],
    ['a revocation', revoked],
    ['a revocation by another principal', () => ({ ...revoked(), revokedBy: 'security.team' }) as TokenRecord],
    ['a revocation for another reason', () => ({ ...revoked(), revocationReason: 'none' }) as TokenRecord],
    ['a revocation at another time', () => ({ ...revoked(), revokedAt: AT }) as TokenRecord],
  ])('if a record is claimed to have %s', (what, change) => {
    const before = ofRecord(issued);
    const after = ofRecord(change(issued));
    for (const stored of [issued, failed(), expired(), denied]) {
      const said =
        (what === 'a failure' && stored.status === 'failed') || (what === 'an expiry' && stored.status === 'expired');
      for (const claimed of [undefined, before]) {
        if (auditEvent(claimed, after, 'e') === undefined) continue;
        expect([stored.status, isConfirmed({ before: claimed, after }, ofRecord(stored))]).toEqual([
          stored.status,
          said,
        ]);
      }
    }
    expect(isConfirmed({ before, after }, ofRecord(revoked()))).toBe(what === 'a revocation');
  });

  it('if a denied request is claimed to be a token', () => {
    const after = ofRecord({ ...issued, ...denied, status: 'issued' } as TokenRecord);
    expect(isConfirmed({ before: undefined, after }, ofRecord(denied))).toBe(false);
  });

  it.each<[string, Change]>([
    ['another selector', { before: undefined, after: ofOrder({ ...order, selector: { all: true } }) }],
    ['another principal', { before: undefined, after: ofOrder({ ...order, by: 'security.team' }) }],
    ['another id', { before: undefined, after: ofOrder({ ...order, revocationId: 'revocation-2' }) }],
    ['another number of tokens', { before: ofOrder(order), after: ofOrder({ ...completed, revoked: 1 }) }],
    ['another completion time', { before: ofOrder(order), after: ofOrder({ ...completed, completedAt: AT }) }],
  ])('if a revocation is claimed to have %s', (_, change) => {
    for (const stored of [order, walked, completed]) expect(isConfirmed(change, ofOrder(stored))).toBe(false);
  });

  it.each<[string, () => AuditedItem]>([
    ['more than the stored number', () => introspected(5, 901)],
    ['the stored number at another time', () => introspected(4, 900)],
    ['fewer in another minute', () => introspected(3, 60_000)],
    ['fewer before their minute', () => introspected(3, -1)],
    ['zero', () => introspected(0, 500)],
    ['a fraction', () => introspected(1.5, 500)],
    ['of another result', () => introspected(3, 900, { result: 'active' })],
    ['of another resource server', () => introspected(3, 900, { by: OPERATOR })],
    ['of another subject', () => introspected(3, 900, { subject: OPERATOR })],
  ])('if introspections are claimed to be %s', (_, after) => {
    expect(isConfirmed({ before: undefined, after: after() }, introspected(4, 901))).toBe(false);
  });

  it('if a fact is claimed to be a different fact', () => {
    const facts = auditEventExamples.flatMap(({ detailType, detail: { version, eventId, ...detail } }) =>
      detailType.startsWith('Token ') && detailType !== 'Token Used' ? [] : [{ detailType, detail } as AuditFact],
    );
    for (const said of facts) {
      for (const stored of facts) {
        expect(isConfirmed({ before: undefined, after: ofFact(said) }, ofFact(stored))).toBe(said === stored);
      }
    }
    const [fact] = facts;
    const reworded = { ...fact, detail: { ...fact?.detail, time: '2027-01-01T00:00:00.000Z' } } as AuditFact;
    expect(isConfirmed({ before: undefined, after: ofFact(reworded) }, ofFact(fact as AuditFact))).toBe(false);
  });

  it('if an item of another kind is stored', () => {
    const all = histories.map(([, history]) => history());
    for (const [nth, states] of all.entries()) {
      for (const change of changesOf(states)) {
        if (auditEvent(change.before, change.after, 'e') === undefined) continue;
        for (const other of all.filter((_, at) => at !== nth).flat()) {
          if (other.kind !== change.after.kind) expect(isConfirmed(change, other)).toBe(false);
        }
      }
    }
  });
});

it('a modified change is confirmed only if its event is one that really happened', () => {
  const all = histories.map(([, history]) => history());
  const eventsOf = (states: readonly AuditedItem[]) =>
    changesOf(states).map(({ before, after }) => JSON.stringify(auditEvent(before, after, 'e')));
  let confirmed = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), fc.jsonValue(), (pick, step, place, value) => {
      const states = all[pick % all.length] ?? [];
      const change = changesOf(states)[step % states.length];
      if (change === undefined) throw new Error('there is one');
      const after = replaced(change.after, place, value);
      let event: unknown;
      try {
        event = auditEvent(change.before, after, 'e');
      } catch {
        return;
      }
      if (event === undefined || after.kind !== change.after.kind) return;
      const said = isConfirmed({ before: change.before, after }, states.at(-1));
      // For an earlier introspection, only its minute is known.
      const happened = after.kind === 'introspections' ? said : eventsOf(states).includes(JSON.stringify(event));
      expect(said).toBe(happened);
      if (said) confirmed += 1;
      else refused += 1;
    }),
    { numRuns: 3_000 },
  );
  expect(Math.min(confirmed, refused)).toBeGreaterThan(100);
});

/** Returns a copy in which one value is different. */
function replaced(auditedItem: AuditedItem, place: number, value: unknown): AuditedItem {
  const copy = structuredClone(auditedItem) as unknown as Record<string, unknown>;
  const places: [Record<string, unknown>, string][] = [];
  const visit = (node: unknown) => {
    if (typeof node !== 'object' || node === null || node instanceof Uint8Array) return;
    for (const key of Object.keys(node)) {
      if (node !== copy) places.push([node as Record<string, unknown>, key]);
      visit((node as Record<string, unknown>)[key]);
    }
  };
  visit(copy);
  const [node, key] = places[place % places.length] ?? [];
  if (node !== undefined && key !== undefined) node[key] = value;
  return copy as unknown as AuditedItem;
}
