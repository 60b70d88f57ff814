import { auditEvent } from '@tvm/core/audit/audit-event.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { sweepTokens } from '@tvm/core/records/sweep-tokens.ts';
import type { TokenRecord } from '@tvm/core/records/token-record.ts';
import { introspectToken } from '@tvm/core/verification/introspect-token.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inMemoryRecords, inMemorySubjectStatuses } from '#test/fakes/in-memory-records.ts';
import { asking, clockAt, from, ISSUER, inMemoryService, rules } from '#test/fakes/in-memory-service.ts';
import { inMemoryExpiring } from '#test/fakes/in-memory-upkeep.ts';

const resourceServer = 'arn:aws:iam::111122223333:role/orders-db';
const introspecting = { issuer: ISSUER, resourceServers: { [resourceServer]: ['orders-db'] } };
const NEVER = Number.MAX_SAFE_INTEGER;

/** A step. It names a token by its position among the tokens recorded so far. */
type Step =
  | { what: 'issue'; lifetime: number; fault: 'none' | 'signing' | 'storing' | 'confirming' }
  | { what: 'revoke' | 'expire' | 'introspect'; token: number }
  | { what: 'sweep' }
  | { what: 'pass'; seconds: number };

const token = fc.nat({ max: 5 });
const lifetime = fc.integer({ min: 1, max: 150 });
const fault = fc.constantFrom('none', 'none', 'none', 'signing', 'storing', 'confirming');
const steps: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.array(fc.record({ what: fc.constant('issue'), lifetime, fault }), { minLength: 1, maxLength: 6 }),
    fc.array(fc.record({ what: fc.constantFrom('revoke', 'expire', 'introspect'), token }), { maxLength: 20 }),
    fc.array(fc.record({ what: fc.constant('sweep') }), { maxLength: 5 }),
    // In total less than the time that a sweep reads again. No request takes that long from its decision to its record.
    fc.array(fc.record({ what: fc.constant('pass'), seconds: fc.integer({ min: 1, max: 60 }) }), { maxLength: 4 }),
  )
  .map((all) => all.flat() as Step[]);

/** All possible sequences of a token's audit events. */
const LIVES = ['Token Failed', 'Token Revoked', 'Token Expired'].map((end) => ['Token Issued', end]);

it('in any interleaving of issue, revoke, expire and sweep, each token leaves its state once, and a revoked token never becomes active again', async () => {
  const tvm = await inMemoryService();
  const ends = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), steps, async (scheduler, all) => {
      const records = inMemoryRecords();
      const audit = new Map<string, string[]>();
      const { set } = records.states;
      records.states.set = (tokenId, record) => {
        const before = records.states.get(tokenId);
        const event = auditEvent(before && { kind: 'record', record: before }, { kind: 'record', record }, 'event');
        audit.set(tokenId, [...(audit.get(tokenId) ?? []), event?.detailType ?? 'nothing']);
        return set.call(records.states, tokenId, record);
      };
      const expiring = inMemoryExpiring(records);
      const clock = clockAt(tvm.clock.time);
      const quiet = { ...tvm, records, expiring, clock, subjectStatuses: inMemorySubjectStatuses() };
      // These calls take effect at once. The scheduler decides when their promises resolve.
      const later = <A extends unknown[], T>(call: (...args: A) => Promise<T>) => scheduler.scheduleFunction(call);
      const ports = {
        ...quiet,
        records: {
          ...records,
          put: later(records.put),
          get: later(records.get),
          revoke: later(records.revoke),
          markFailed: later(records.markFailed),
          expire: later(records.expire),
        },
        expiring: { ...expiring, sweptTo: later(expiring.sweptTo), advance: later(expiring.advance) },
      };
      const down = async () => Promise.reject(new Error('down'));
      const faults = {
        none: {},
        signing: { signer: { ...tvm.signer, sign: down } },
        storing: { records: { ...ports.records, put: down } },
        confirming: {
          records: { ...ports.records, put: (record: TokenRecord) => ports.records.put(record as never).then(down) },
        },
      };
      const tokens = new Map<string, string>();
      const revoked = new Set<string>();

      const begin = async (one: Step): Promise<void> => {
        if (one.what === 'pass') {
          clock.time += one.seconds * 1_000;
        } else if (one.what === 'sweep') {
          await sweepTokens(NEVER, ports);
        } else if (one.what === 'issue') {
          const request = asking({ expires_in: one.lifetime });
          const outcome = await issueToken(request, from, rules, { ...ports, ...faults[one.fault] }).catch(() => {});
          if (outcome?.kind === 'issued') tokens.set(outcome.tokenId, outcome.token);
        } else {
          const tokenId = [...records.states.keys()][one.token] ?? '';
          const wasRevoked = revoked.has(tokenId);
          const unverified = tokens.get(tokenId);
          if (one.what === 'expire') {
            await ports.records.expire(tokenId, clock.now());
          } else if (one.what === 'revoke') {
            const by = { revokedAt: clock.now(), revokedBy: 'security.team' };
            if (await ports.records.revoke(tokenId, by)) revoked.add(tokenId);
          } else if (unverified !== undefined) {
            const { active } = await introspectToken(unverified, resourceServer, introspecting, ports);
            expect(active && wasRevoked).toBe(false);
          }
        }
      };
      const begun = all.map((one) => scheduler.schedule(Promise.resolve(), one.what).then(() => begin(one)));
      await scheduler.waitFor(Promise.all(begun));

      clock.time += 30 * 60_000;
      await sweepTokens(NEVER, quiet);
      for (const [tokenId, { status }] of records.states) {
        const life = audit.get(tokenId);
        expect(LIVES).toContainEqual(life);
        expect(status === 'revoked').toBe(revoked.has(tokenId));
        ends.add(status);
      }
      expect(audit.size).toBe(records.states.size);
    }),
    { numRuns: 200 },
  );
  expect([...ends].sort()).toEqual(['expired', 'failed', 'revoked']);
});
