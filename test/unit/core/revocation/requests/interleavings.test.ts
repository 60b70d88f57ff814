import type { RevocationSelector } from '@tvm/contract/selector.ts';
import type { TokenRequest } from '@tvm/contract/token.ts';
import { type IssueTokenOutcome, issueToken } from '@tvm/core/issuing/issue-token.ts';
import { recentSubjects } from '@tvm/core/issuing/recent-subjects.ts';
import { policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import { indexTokens } from '@tvm/core/records/index-tokens.ts';
import { isInForce } from '@tvm/core/records/subject-status.ts';
import type { TokenRecord } from '@tvm/core/records/token-record.ts';
import { selects } from '@tvm/core/records/token-selector.ts';
import { type RevocationRequest, tokenSelectorOf } from '@tvm/core/revocation/requests/revocation-request.ts';
import { continueRevocations, progressOf } from '@tvm/core/revocation/requests/revoke-tokens.ts';
import { submitRevocation } from '@tvm/core/revocation/requests/submit-revocation.ts';
import { introspectToken } from '@tvm/core/verification/introspect-token.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countingStatusIndexes,
  inMemoryBehaviour,
  inMemoryFacts,
  inMemoryIndex,
  inMemoryRecords,
  inMemoryRevocationRequests,
  inMemorySubjectStatuses,
} from '#test/fakes/in-memory-records.ts';
import { clockAt, countingIds, from, rules } from '#test/fakes/in-memory-service.ts';
import { localKeys } from '#test/fakes/local-keys.ts';
import { policyBundle } from '#test/fakes/policies.ts';
import { Crash, type Crashes, turns } from '#test/support/interleave.ts';

// Few names, so that revocations often select tokens.
const ROLES = ['anna', 'ben'];
const SESSIONS = ['i-1', 'i-2'];
const TASKS = ['t-1', 't-2'];
const AUDIENCES = ['db', 'lake'];
const START = Date.UTC(2026, 0, 1, 12);
const subjectOf = (role: string) => `arn:aws:iam::111122223333:role/${role}`;
const BUNDLE = policyBundle(`
@id("reads") permit (principal, action == Action::"read", resource);
@id("writes") permit (principal, action == Action::"write", resource);
`);
const keys = localKeys();
const policies = policyDecisionPoint(BUNDLE);

const one = fc.constantFrom;
const maybe = <T>(values: readonly T[]) => fc.option(one(...values), { nil: undefined, freq: 2 });

const issuing = fc.record({
  do: fc.constant('issue' as const),
  role: one(...ROLES),
  session: one(...SESSIONS),
  task: maybe(TASKS),
  audience: one(...AUDIENCES),
  location: one('db/a', 'db/a/1', 'db/*', 'lake/c'),
  action: one('read' as const, 'write' as const),
  lifetime: one(60, 600),
});

const combinedSelectors = fc
  .record(
    {
      subject: one(...ROLES.map(subjectOf)),
      workload: one(...SESSIONS),
      task: one(...TASKS),
      audience: one(...AUDIENCES),
      resource: one('db/a', 'db/*', 'db/a/1', 'lake/c'),
      policy: one('reads', 'writes'),
      policyBundle: one(BUNDLE.hash),
    },
    { requiredKeys: [] },
  )
  .filter((members) => Object.keys(members).length > 0);
const selectors: fc.Arbitrary<RevocationSelector> = fc.oneof(
  { arbitrary: one(...ROLES.map(subjectOf)).map((subject) => ({ subject })), weight: 3 },
  { arbitrary: combinedSelectors, weight: 5 },
  { arbitrary: fc.constant({ all: true as const }), weight: 1 },
);
const crashes: fc.Arbitrary<Crashes> = fc
  .array(fc.tuple(fc.nat({ max: 40 }), one('before' as const, 'after' as const)), { maxLength: 3 })
  .map((at) => new Map(at));

const revoking = fc.record({
  do: fc.constant('revoke' as const),
  selector: selectors,
  /** The delay in seconds. */
  after: one(0, 0, 0, 30),
  blockFor: one(0, 20, 3_600),
  crashes,
});
const steps = fc.oneof(
  { arbitrary: issuing, weight: 6 },
  { arbitrary: revoking, weight: 3 },
  { arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: one(1, 10, 70, 70) }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('sweep' as const) }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant('unblock' as const), role: one(...ROLES) }), weight: 1 },
);
type Step = typeof steps extends fc.Arbitrary<infer S> ? S : never;

/** A service whose parts run concurrently, with the result of each step. */
async function world(indexCrashes: Crashes) {
  const clock = clockAt(START);
  const due: { revocationId: string; at: number }[] = [];
  const { of, run } = turns();
  const pause = of({ pause: { now: async () => {} } }).pause.now;
  const records = inMemoryRecords(pause);
  const index = inMemoryIndex(records, pause);
  const all = {
    records,
    subjectStatuses: inMemorySubjectStatuses(),
    // Pages of two records, so that there are several pages.
    index: { ...index, page: (query: Parameters<typeof index.page>[0]) => index.page({ ...query, limit: 2 }) },
    orders: inMemoryRevocationRequests(),
    facts: inMemoryFacts(),
    continuations: {
      async schedule(revocationId: string, after: number) {
        due.push({ revocationId, at: clock.time + Math.max(after, 0) * 1000 });
      },
    },
    clock,
  };
  const background: Promise<unknown>[] = [];
  const results: { outcome: IssueTokenOutcome; blocked: boolean }[] = [];
  const ordered: RevocationRequest[] = [];
  const until = async (work: () => Promise<unknown>) => {
    // Retries after a crash, as a queue redelivers a message.
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
    }
  };
  // Each record leaves the state `issued` once: a revoked record never changes again.
  const { set } = records.states;
  records.states.set = (id: string, record: TokenRecord) => {
    const before = records.states.get(id);
    if (before !== undefined) expect(before.status).toBe('issued');
    else background.push(indexing(id));
    return set.call(records.states, id, record);
  };
  const indexing = async (tokenId: string) => {
    const ports = of(all, indexCrashes);
    await until(async () => {
      const [indexed] = await indexTokens([tokenId], ports);
      if (indexed?.done === false) throw indexed.why;
    });
  };

  /** Continues revocation requests. One process at a time works on each request. */
  const underWay = new Map<string, Promise<unknown>>();
  const goOn = (revocationId: string, ports: typeof all) => {
    const before = underWay.get(revocationId) ?? Promise.resolve();
    // Time passes while pages are read, so the deadline sometimes passes after one page.
    const now = before.then(() => continueRevocations([revocationId], clock.time + 1, ports));
    underWay.set(
      revocationId,
      now.catch(() => {}),
    );
    return now;
  };

  const { signer } = await keys;
  const issued = {
    signer,
    policies,
    conditions: [],
    behaviour: inMemoryBehaviour(records),
    statusIndexes: countingStatusIndexes(),
    restricted: recentSubjects(clock),
    ids: countingIds(),
  };

  const doing = {
    async issue({ role, session, task, audience, location, action, lifetime }: Extract<Step, { do: 'issue' }>) {
      const request: TokenRequest = {
        grant_type: 'client_credentials',
        audience,
        authorization_details: [{ type: 'resource', locations: [location], actions: [action] }],
        expires_in: lifetime,
        ...(task && { task }),
      };
      const caller = { ...from, userArn: `arn:aws:sts::111122223333:assumed-role/${role}/${session}` };
      const { block } = await all.subjectStatuses.get(subjectOf(role));
      const { records, subjectStatuses } = of(all);
      const outcome = await issueToken(request, caller, rules, { ...issued, records, subjectStatuses, clock }).catch(
        (fault: unknown) => {
          // Storing the record took too long, so it is marked as failed.
          if (!(fault instanceof DependencyFault)) throw fault;
        },
      );
      if (outcome === undefined) return;
      const stillThere = (await all.subjectStatuses.get(subjectOf(role))).block === block;
      const decidedAt = 'tokenId' in outcome ? all.records.states.get(outcome.tokenId)?.decidedAt : undefined;
      results.push({ outcome, blocked: decidedAt !== undefined && isInForce(block, decidedAt) && stillThere });
    },

    async revoke(step: Extract<Step, { do: 'revoke' }>, name: number) {
      const { selector, after } = step;
      const blockFor = 'subject' in selector && Object.keys(selector).length === 1 ? step.blockFor : undefined;
      const asking = {
        revocationId: `order-${name}`,
        by: 'security.team',
        requestedAt: clock.time,
        selector,
        after,
        blockFor,
      };
      const ports = of(all, step.crashes);
      await until(async () => {
        const submission = await submitRevocation(asking, { blockFor: 0 }, ports);
        if (submission.kind !== 'order') throw new Error('one token');
        if (!ordered.some((order) => order.revocationId === asking.revocationId)) ordered.push(submission.order);
        await goOn(asking.revocationId, ports);
      });
    },

    async wait({ seconds }: Extract<Step, { do: 'wait' }>) {
      clock.time += seconds * 1000;
      // The queue delivers the messages that are due.
      const now = due.filter(({ at }) => at <= clock.time);
      due.splice(0, due.length, ...due.filter((message) => !now.includes(message)));
      await Promise.all(now.map(({ revocationId }) => until(() => goOn(revocationId, of(all)))));
    },

    async sweep() {
      const { records } = of(all);
      for (const [id, record] of all.records.states) {
        if (record.status === 'issued' && record.expiresAt <= clock.time) await records.expire(id, clock.time);
      }
    },

    async unblock({ role }: Extract<Step, { do: 'unblock' }>) {
      await of(all).subjectStatuses.unblock(subjectOf(role), { at: clock.time, by: 'operator' });
    },
  };

  return {
    clock,
    results,
    ordered,
    all,
    /** Starts each step after the given number of turns, and runs all steps to completion. */
    async live(script: readonly { step: Step; turns: number }[], choose: (waiting: number) => number): Promise<void> {
      const start = async () => {
        const begun: Promise<unknown>[] = [];
        for (const [index, { step, turns }] of script.entries()) {
          for (let turn = 0; turn < turns; turn++) await pause();
          begun.push((doing[step.do] as (step: Step, index: number) => Promise<void>)(step, index));
        }
        await Promise.all(begun);
        for (let seen = 0; seen < background.length; ) {
          seen = background.length;
          await Promise.all(background);
        }
      };
      await run([start()], choose);
      for (let message = due.shift(); message !== undefined; message = due.shift()) {
        clock.time = Math.max(clock.time, message.at);
        await run([continueRevocations([message.revocationId], clock.time + 40_000, all)], choose);
      }
    },
  };
}

describe('any interleaving of issue, index, revoke, expire, sweep, block and crash', () => {
  it('ends in a valid state', async () => {
    const seen = { revoked: 0, late: 0, expired: 0, failed: 0, orders: 0, active: 0, denied: 0 };
    const script = fc.array(fc.record({ step: steps, turns: fc.nat({ max: 12 }) }), { minLength: 2, maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(script, crashes, fc.infiniteStream(fc.nat()), async (script, indexCrashes, choices) => {
        const { all, clock, results, ordered, live } = await world(indexCrashes);
        await live(script, (waiting) => (choices.next().value ?? 0) % waiting);
        const states = [...all.records.states.values()];

        for (const record of states) {
          const selecting = ordered.filter((order) => selects(tokenSelectorOf(order), record));
          // A selected token never stays active: if its record is still `issued`, it has expired.
          if (selecting.length > 0 && record.status === 'issued')
            expect(record.expiresAt).toBeLessThanOrEqual(clock.time);
          // No other token is revoked.
          if (record.status === 'revoked') {
            expect(selecting.map(({ revocationId }) => revocationId)).toContain(record.revocationId);
            if (record.revokedLate) seen.late++;
          }
        }

        // The count is correct, and every request is completed.
        for (const { revocationId } of ordered) {
          const order = await all.orders.get(revocationId);
          if (order === undefined) throw new Error('an order is lost');
          const own = states.filter((record) => record.status === 'revoked' && record.revocationId === revocationId);
          expect(progressOf(order)).toEqual({ revocationId, done: true, revoked: own.length });
        }
        seen.orders += ordered.length;

        // Introspection agrees with the records.
        const verifying = { issuer: rules.issuer, resourceServers: { [subjectOf('server')]: AUDIENCES } };
        const server = 'arn:aws:sts::111122223333:assumed-role/server/one';
        for (const { outcome, blocked } of results) {
          if (blocked)
            expect(outcome).toMatchObject({
              kind: 'denied',
              denial: expect.stringMatching(/^subject_(blocked|revoked)$/),
            });
          if (outcome.kind === 'denied') seen.denied++;
          if (outcome.kind !== 'issued') continue;
          const record = all.records.states.get(outcome.tokenId);
          const ports = { ...all, keys: (await keys).keys, introspections: { add: async () => {} }, uncounted() {} };
          const { active } = await introspectToken(outcome.token, server, verifying, ports);
          const ended = record === undefined || record.status === 'denied' || record.expiresAt <= clock.time;
          if (record?.status !== 'issued' || ended) expect(active).toBe(false);
          else expect(active).toBe(true);
          if (active) seen.active++;
        }
        for (const { status } of states) if (status in seen) seen[status as keyof typeof seen]++;
      }),
      { numRuns: 600 },
    );
    // The generated steps cover all outcomes.
    for (const [what, count] of Object.entries(seen))
      expect({ what, often: count > 20 }).toEqual({ what, often: true });
  }, 120_000);
});
