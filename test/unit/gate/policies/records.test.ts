import { auditEventExamples } from '@tvm/contract/event-examples.ts';
import { readRecord } from '@tvm/gate/policies/records/read-records.ts';
import { replayBy } from '@tvm/gate/policies/records/replay.ts';
import { useOfGrants } from '@tvm/gate/policies/records/unused.ts';
import { describe, expect, it } from 'vitest';
import { SERVICE, usable } from './directory.ts';

const [issuedExample, deniedExample] = auditEventExamples;

function issued(more: object = {}) {
  const record = readRecord(JSON.stringify({ ...issuedExample?.detail, ...more }));
  if (record.kind !== 'issued') throw new Error(JSON.stringify(record));
  return record;
}

function denied(more: object = {}) {
  const record = readRecord(JSON.stringify({ ...deniedExample?.detail, ...more }));
  if (record.kind !== 'denied') throw new Error(JSON.stringify(record));
  return record;
}

function orders(action: string, more = ''): Record<string, string> {
  return {
    'a.cedar': `@id("orders-service-reads-orders") ${more} permit (principal == Workload::"${SERVICE}", action == Action::"${action}", resource == Resource::"orders-db/orders");`,
  };
}

describe('a line of exported events', () => {
  it('may be an EventBridge event or a line of the archive', () => {
    for (const { detailType, detail } of auditEventExamples) {
      const delivered = readRecord(JSON.stringify({ source: 'tvm', 'detail-type': detailType, detail }));
      expect(delivered.kind).not.toBe('broken');
      expect(readRecord(JSON.stringify({ detailType, ...detail, chain: '0'.repeat(64) }))).toEqual(delivered);
    }
  });

  it('may be only the detail of an event about a token', () => {
    for (const { detailType, detail } of auditEventExamples.filter(({ detail }) => 'authorizationDetails' in detail)) {
      const delivered = readRecord(JSON.stringify({ source: 'tvm', 'detail-type': detailType, detail }));
      expect(readRecord(JSON.stringify(detail))).toEqual(delivered);
    }
  });

  it.each([
    ['{', 'is not JSON'],
    ['null', 'is not an object'],
    ['{"detail-type":"Other","detail":{}}', 'is not an audit event of TVM'],
    ['{"detail-type":"__proto__","detail":{}}', 'is not an audit event of TVM'],
    ['{}', 'is not a valid Token Issued event: version '],
  ])('that is %s is reported with the reason', (line, problem) => {
    expect(readRecord(line)).toEqual({ kind: 'broken', problem: expect.stringContaining(problem) });
  });
});

describe('a recorded decision, evaluated again', () => {
  it('is omitted if it stays the same', async () => {
    const { bundle } = usable(orders('read'));
    expect(await replayBy(bundle)(issued())).toEqual({ evaluated: true, assumed: [] });
    expect(await replayBy(bundle)(denied())).toEqual({ evaluated: true, assumed: [] });
  });

  it.each([
    ['denied', orders('write'), 'would be denied: no policy permits it'],
    ['shorter', orders('read', '@max_lifetime("5m")'), 'would expire after 300 s instead of 600 s'],
    ['bound', orders('read', '@single_use'), 'would have the obligations {"single_use":true} instead of nothing'],
  ])('is listed if it would be %s', async (_what, texts, now) => {
    const { change } = await replayBy(usable(texts).bundle)(issued());
    expect(change).toMatchObject({ was: 'issued', now, subject: SERVICE });
  });

  it('is listed if a forbid about a location in the resource denies it', async () => {
    const holds =
      '@id("b") forbid (principal, action, resource) when { Resource::"orders-db/orders/cards" in resource };';
    const { bundle } = usable({ ...orders('read'), 'b.cedar': holds });
    const { change } = await replayBy(bundle)(issued());
    expect(change).toMatchObject({ was: 'issued', now: 'would be denied by b' });
  });

  it('is listed if it would be allowed', async () => {
    const { change } = await replayBy(usable(orders('write')).bundle)(denied());
    expect(change).toMatchObject({ was: 'denied', now: 'would be allowed by orders-service-reads-orders' });
  });

  it('of a role is listed if the role has lost a grant', async () => {
    const texts = {
      'a.cedar': `@id("a") permit (principal == Workload::"${SERVICE}", action in [Action::"read", Action::"assume"], resource);`,
      'roles.yaml': 'reader:\n  authorization_details:\n    - { locations: [orders-db/shipments], actions: [read] }\n',
    };
    const { change } = await replayBy(usable(texts).bundle)(issued({ role: 'reader' }));
    expect(change).toMatchObject({
      now: 'would be without read orders-db/orders, and also have read orders-db/shipments',
    });
  });

  it('of a role is listed if the role has a new grant', async () => {
    const texts = (reads: string) => ({
      'a.cedar': `@id("orders-service-reads-orders") permit (principal == Workload::"${SERVICE}", action in [Action::"read", Action::"assume"], resource);`,
      'roles.yaml': `reader:\n  authorization_details:\n    - { locations: [${reads}], actions: [read] }\n`,
    });
    const now = async (reads: string) =>
      (await replayBy(usable(texts(reads)).bundle)(issued({ role: 'reader' }))).change?.now;
    expect(await now('orders-db/orders')).toBeUndefined();
    expect(await now('orders-db/orders, orders-db/*')).toBe('would also have read orders-db/*');
    expect(await now('x')).toBe('would be without read orders-db/orders, and also have read x');
  });

  it('is unchanged if policy was not the reason, and names what was assumed', async () => {
    const { bundle } = usable(orders('read'));
    expect(await replayBy(bundle)(denied({ denial: 'further_condition' }))).toEqual({ evaluated: false, assumed: [] });
    const reading = {
      'a.cedar': orders('read')['a.cedar']?.replace(';', ' when { context.behaviour.denied < 3 };') ?? '',
    };
    expect((await replayBy(usable(reading).bundle)(issued())).assumed).toEqual([
      'the recent behaviour of the workload',
    ]);
  });
});

describe('unused grants', () => {
  const { bundle } = usable({
    ...orders('read'),
    'b.cedar': `@id("b") permit (principal == Workload::"${SERVICE}", action == Action::"assume", resource == Role::"reader");`,
    'roles.yaml':
      'reader:\n  authorization_details:\n    - { locations: ["lake/{subject.team}/*", orders-db/orders], actions: [read] }\n',
  });
  const since = Date.parse('2026-11-01T00:00:00Z');

  it('are listed with the time of their last use, including pairs of roles', () => {
    const use = useOfGrants(bundle);
    use.add(issued({ time: '2026-10-01T00:00:00.000Z', policies: ['b'] }));
    use.add(
      issued({
        role: 'reader',
        authorizationDetails: [{ type: 'resource', locations: ['lake/orders/*'], actions: ['read'] }],
      }),
    );
    expect(use.unusedSince(since)).toEqual([
      { grant: { policy: 'b', file: 'policies/b.cedar', line: 1 }, lastUsed: '2026-10-01T00:00:00.000Z' },
      { grant: { role: 'reader', action: 'read', location: 'orders-db/orders' } },
    ]);
    expect(use.earliest()).toBe('2026-10-01T00:00:00.000Z');
  });
});
