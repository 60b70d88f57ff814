import type { AuthorizerRequest } from '@tvm/core/external-authorizers/external-authorizer.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cachedDecisions, requestKey } from '#lambdas/adapters/authorizers/cached-decisions.ts';
import { question } from '../../fakes/authorizer-requests.ts';

const read = question();
const write = question({ action: 'write' });
const later = question({ context: { time: '2026-01-01T12:00:01.000Z' } });

/** A service that allows reading, and stores its requests. */
function reading() {
  const sent: AuthorizerRequest[][] = [];
  const ask = async (questions: readonly AuthorizerRequest[]) => {
    sent.push([...questions]);
    return questions.map(({ action }) => action === 'read');
  };
  return { sent, ask };
}

function clockAtZero() {
  const clock = { time: 0, now: () => clock.time };
  return clock;
}

describe('a decision', () => {
  it.each([
    [read, true],
    [write, false],
  ] as const)('is used again until it is too old: $action', async (about, allowed) => {
    const { ask, sent } = reading();
    const clock = clockAtZero();
    const allows = cachedDecisions(ask, 30, clock);
    for (clock.time = 0; clock.time < 30_000; clock.time += 5_000) expect(await allows([about])).toEqual([allowed]);
    expect(sent).toHaveLength(1);
    clock.time = 30_000;
    expect(await allows([about])).toEqual([allowed]);
    expect(sent).toHaveLength(2);
  });

  it('expires by the time of the request, not of the response', async () => {
    const { ask, sent } = reading();
    const clock = clockAtZero();
    const slow = async (questions: readonly AuthorizerRequest[]) => {
      clock.time += 1_000;
      return ask(questions);
    };
    const allows = cachedDecisions(slow, 1, clock);
    await allows([read]);
    await allows([read]);
    expect(sent).toHaveLength(2);
  });

  it('is not cached without a cache time', async () => {
    const { ask, sent } = reading();
    const allows = cachedDecisions(ask, 0, clockAtZero());
    await allows([read]);
    await allows([read]);
    expect(sent).toHaveLength(2);
  });

  it('is reused for an equal request at another time, and for no other request', async () => {
    const { ask, sent } = reading();
    const allows = cachedDecisions(ask, 30, clockAtZero());
    await allows([read]);
    await allows([later]);
    expect(sent).toHaveLength(1);
    await allows([question({ context: { lifetime: 301 } })]);
    expect(sent).toHaveLength(2);
  });

  it('is requested only if it is not cached, once per request, and returned in order', async () => {
    const { ask, sent } = reading();
    const allows = cachedDecisions(ask, 30, clockAtZero());
    await allows([read]);
    expect(await allows([write, read, write, later])).toEqual([false, true, false, true]);
    expect(sent).toEqual([[read], [write]]);
  });

  it.each([0, 30])('is shared by concurrent requests (cached for %i s)', async (seconds) => {
    const { ask, sent } = reading();
    const allows = cachedDecisions(ask, seconds, clockAtZero());
    expect(await Promise.all([allows([read, write]), allows([write]), allows([read])])).toEqual([
      [true, false],
      [false],
      [true],
    ]);
    expect(sent).toEqual([[read, write]]);
  });

  it('is not cached after an error', async () => {
    const { ask } = reading();
    let faults = 1;
    const failing = async (questions: readonly AuthorizerRequest[]) => {
      if (faults-- > 0) throw new Error('down');
      return ask(questions);
    };
    const allows = cachedDecisions(failing, 30, clockAtZero());
    const both = await Promise.allSettled([allows([read]), allows([read, write])]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await allows([read, write])).toEqual([true, false]);
  });

  it('is evicted when a thousand others were used more recently', async () => {
    const { ask, sent } = reading();
    const allows = cachedDecisions(ask, 30, clockAtZero());
    const numbered = (number: number) => question({ resource: { id: `orders-db/${number}` } });
    await allows(Array.from({ length: 1_000 }, (_, number) => numbered(number)));
    // The first decision was used again, so the second is evicted.
    await allows([numbered(0)]);
    await allows([numbered(1_000)]);
    expect(sent).toHaveLength(2);
    await allows([numbered(0), numbered(2), numbered(1_000)]);
    expect(sent).toHaveLength(2);
    await allows([numbered(1)]);
    expect(sent).toHaveLength(3);
  });
});

const properties = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<Record<string, unknown>>;
const anyQuestion: fc.Arbitrary<AuthorizerRequest> = fc.record({
  subject: fc.record({ id: fc.string(), properties }),
  action: fc.constantFrom('read', 'write', 'assume'),
  resource: fc.record({ id: fc.string(), properties }),
  context: fc.record(
    {
      audience: fc.string(),
      lifetime: fc.nat(),
      time: fc.string(),
      sourceIp: fc.ipV4(),
      fields: fc.array(fc.string()),
      reason: fc.string(),
    },
    { requiredKeys: ['audience', 'lifetime', 'time', 'sourceIp'] },
  ),
});

/** Variants of a request in which one property, at any depth, is changed, added or removed. */
const changed = fc.tuple(anyQuestion, fc.nat(), fc.jsonValue()).map(([original, which, value]) => {
  const copy = structuredClone(original) as unknown as Record<string, unknown>;
  const places: [Record<string, unknown>, string][] = [];
  (function visit(node: unknown, path: string) {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, member] of Object.entries(node)) {
      if (path !== '.context' || key !== 'time') places.push([node as Record<string, unknown>, key]);
      visit(member, `${path}.${key}`);
    }
  })(copy, '');
  const [parent, key] = places[which % places.length] ?? [copy, 'action'];
  Object.defineProperty(parent, key, { value, enumerable: true, writable: true, configurable: true });
  return [original, copy as unknown as AuthorizerRequest] as const;
});

/** The request as the service gets it, without the time. */
const told = (about: AuthorizerRequest) => {
  const { time: _, ...context } = about.context ?? {};
  return JSON.parse(JSON.stringify({ ...about, context }));
};

describe('the cache key of a request', () => {
  it('is the same at any time, and in any order of properties', () => {
    fc.assert(
      fc.property(anyQuestion, fc.string(), (original, time) => {
        const { subject, action, resource, context } = original;
        const reversed = Object.fromEntries(Object.entries({ ...context, time }).reverse()) as typeof context;
        expect(requestKey({ context: reversed, resource, action, subject })).toBe(requestKey(original));
      }),
    );
  });

  it('differs if two requests differ in anything but the time', () => {
    const same = (a: unknown, b: unknown) => expect(a).toEqual(b);
    const check = (one: AuthorizerRequest, other: AuthorizerRequest) => {
      if (requestKey(one) === requestKey(other)) same(told(one), told(other));
      else expect(told(one)).not.toEqual(told(other));
    };
    fc.assert(fc.property(anyQuestion, anyQuestion, check), { numRuns: 200 });
    fc.assert(
      fc.property(
        changed.filter(([, { context }]) => typeof context === 'object' && context !== null && !Array.isArray(context)),
        ([one, other]) => check(one, other),
      ),
      { numRuns: 1_000 },
    );
  });
});
