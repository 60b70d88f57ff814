import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { sweepTokens } from '@tvm/core/records/sweep-tokens.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { asking, from, inMemoryService, rules } from '#test/fakes/in-memory-service.ts';

const MINUTE = 60_000;
const NEVER = Number.MAX_SAFE_INTEGER;

describe('sweepTokens', () => {
  let tvm: Awaited<ReturnType<typeof inMemoryService>>;
  const sweep = (deadline = NEVER) => sweepTokens(deadline, tvm);
  const statuses = () => [...tvm.records.states.values()].map(({ status }) => status);
  async function issue(lifetime: number): Promise<string> {
    const outcome = await issueToken(asking({ expires_in: lifetime }), from, rules, tvm);
    if (outcome.kind !== 'issued') throw new Error(outcome.kind);
    return outcome.tokenId;
  }

  beforeEach(async () => {
    tvm = await inMemoryService();
  });

  it('marks each expired token once, and no other', async () => {
    await issue(60);
    await issue(61);
    await issue(180);
    const revoked = await issue(60);
    await tvm.records.revoke(revoked, { revokedAt: tvm.clock.now(), revokedBy: 'security.team' });
    await issueToken(asking({ audience: 'billing' }), from, rules, tvm);
    await sweep();
    expect(statuses()).toEqual(['issued', 'issued', 'issued', 'revoked', 'denied']);
    tvm.clock.time += 60_000;
    expect(await sweep()).toEqual({ expired: 1, lag: 0 });
    expect(statuses()).toEqual(['expired', 'issued', 'issued', 'revoked', 'denied']);
    tvm.clock.time += 1_000;
    expect(await sweep()).toEqual({ expired: 1, lag: 0 });
    expect(await sweep()).toEqual({ expired: 0, lag: 0 });
    expect(statuses()).toEqual(['expired', 'expired', 'issued', 'revoked', 'denied']);
  });

  it('starts an hour back on the first sweep', async () => {
    await issue(60);
    tvm.clock.time += 59 * MINUTE;
    expect(await sweep()).toMatchObject({ expired: 1 });
  });

  it('catches up after any downtime', async () => {
    await sweep();
    for (const lifetime of [1, 300, 3_000]) await issue(lifetime);
    tvm.clock.time += 24 * 60 * MINUTE;
    expect(await sweep()).toMatchObject({ expired: 3 });
    expect(statuses()).toEqual(['expired', 'expired', 'expired']);
  });

  it('reads the last minutes again to find tokens that appear late', async () => {
    const tokenId = await issue(1);
    const record = tvm.records.states.get(tokenId);
    if (record === undefined) throw new Error('no record');
    tvm.records.states.delete(tokenId);
    for (let minute = 0; minute < 3; minute++) {
      tvm.clock.time += MINUTE;
      await sweep();
    }
    tvm.records.states.set(tokenId, record);
    expect(await sweep()).toMatchObject({ expired: 1 });
  });

  it('reads only the last minutes when it is up to date', async () => {
    await sweep();
    const looked: number[] = [];
    const within = (minute: number, until: number) => {
      looked.push(minute);
      return tvm.expiring.within(minute, until);
    };
    tvm.clock.time += MINUTE;
    await sweepTokens(NEVER, { ...tvm, expiring: { ...tvm.expiring, within } });
    expect(looked).toHaveLength(8);
    expect(looked.at(-1)).toBe(tvm.clock.time - (tvm.clock.time % MINUTE));
  });

  it('stops at the deadline, reports its lag, and resumes where it stopped', async () => {
    await sweep();
    for (let count = 0; count < 20; count++) await issue(60 + count * 60);
    const began = tvm.clock.time + 3_600_000;
    const ticking = { now: () => (tvm.clock.time += 1_000) };
    let runs = 0;
    tvm.clock.time = began;
    for (let left = 20; left > 0; runs++) {
      const { expired, lag } = await sweepTokens(tvm.clock.time + 15_000, { ...tvm, clock: ticking });
      left -= expired;
      if (left > 0) expect(lag).toBeGreaterThan(MINUTE);
    }
    expect(runs).toBeGreaterThan(2);
    expect(new Set(statuses())).toEqual(new Set(['expired']));
  });

  it('resumes after an error', async () => {
    await sweep();
    for (let count = 0; count < 5; count++) await issue(60 + count * 60);
    tvm.clock.time += 3_600_000;
    for (let failAt = 1; statuses().includes('issued'); failAt++) {
      let calls = 0;
      const expire = async (tokenId: string, now: number) => {
        if (++calls === failAt) throw new Error('throttled');
        return tvm.records.expire(tokenId, now);
      };
      await sweepTokens(NEVER, { ...tvm, records: { ...tvm.records, expire } }).catch(() => {});
    }
    expect(new Set(statuses())).toEqual(new Set(['expired']));
  });

  it('marks each token once when two sweeps run concurrently', async () => {
    for (let count = 0; count < 20; count++) await issue(1 + count);
    tvm.clock.time += MINUTE;
    const [one, other] = await Promise.all([sweep(), sweep()]);
    expect(one.expired + other.expired).toBe(20);
  });
});
