import { outputWriter } from 'tokenrelay/agent/output-writer.ts';
import type { Output } from 'tokenrelay/model/output.ts';
import { describe, expect, it } from 'vitest';
import { fakeClock, settle } from './fake-clock.ts';

const token = { values: { token: 'a-token' }, fetchedAt: 0 };
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const hanging = () => new Promise<never>(() => {});

function kept(output: Partial<Output>) {
  const clock = fakeClock();
  const whole = { name: 'file /a', publish: async () => {}, problem: async () => undefined, withdraw: async () => {} };
  const keeper = outputWriter({ ...whole, ...output }, { clock, log: silent, random: () => 0.5, changed() {} });
  return { clock, keeper };
}

describe('an output on a file system that does not respond', () => {
  it('is reported on a write', async () => {
    const { clock, keeper } = kept({ publish: hanging });
    void keeper.publish(token);
    await settle();
    expect(keeper.status()).toEqual({ name: 'file /a' });
    await clock.pass(2_000);
    expect(keeper.status()).toEqual({ name: 'file /a', problem: 'its file system does not respond' });
  });

  it('is reported on a check, without a long wait for the caller', async () => {
    const { clock, keeper } = kept({ problem: hanging });
    await keeper.publish(token);
    const looked = keeper.look();
    await clock.pass(2_000);
    await looked;
    expect(keeper.status()).toEqual({ name: 'file /a', problem: 'its file system does not respond' });
  });

  it('leaves no timer behind if it responds', async () => {
    const { clock, keeper } = kept({});
    await keeper.publish(token);
    await keeper.look();
    expect(keeper.status()).toEqual({ name: 'file /a' });
    expect(clock.timers()).toBe(0);
  });
});

describe('an output that cannot contain a value', () => {
  it('names the value in a warning with each token, and is not failing', async () => {
    const warned: unknown[] = [];
    const clock = fakeClock();
    const output: Output = {
      name: 'file /a',
      publish: async (_token, leaveOut) => leaveOut?.('its value "note" cannot be a variable'),
      problem: async () => undefined,
      withdraw: async () => {},
    };
    const log = { ...silent, warn: (details: object) => warned.push(details) };
    const keeper = outputWriter(output, { clock, log, random: () => 0.5, changed() {} });
    await keeper.publish(token);
    await keeper.withdraw('expired');
    expect(warned).toEqual([{ output: 'file /a', problem: 'its value "note" cannot be a variable' }]);
    expect(keeper.isFailing()).toBe(false);
  });
});

describe('an output that cannot be written, such as on a full disk', () => {
  const SECOND = 1_000;
  const full = Object.assign(new Error('never quoted'), { code: 'ENOSPC' });

  /** An output with the token `old`, which expires in 10 seconds and is not replaced. */
  async function failing({ random = 0.999 } = {}) {
    let isFull = false;
    let canRemove = true;
    const done: string[] = [];
    const output: Output = {
      name: 'file /a',
      async publish({ values }) {
        done.push(`publish ${values.token}`);
        if (isFull) throw full;
      },
      problem: async () => undefined,
      async withdraw(why) {
        done.push(`withdraw ${why}`);
        if (!canRemove) throw full;
      },
    };
    const clock = fakeClock();
    const writer = outputWriter(output, { clock, log: silent, random: () => random, changed() {} });
    const tokenOf = (name: string, seconds: number) => ({
      values: { token: name },
      fetchedAt: clock.now(),
      expiresAt: clock.now() + seconds * SECOND,
    });
    /** Ticks whenever something is due, as the agent does. */
    const pass = async (milliseconds: number) => {
      for (const end = clock.elapsed() + milliseconds; clock.elapsed() < end; ) {
        await clock.pass(Math.max(1, Math.min(writer.dueIn(), end - clock.elapsed())));
        writer.tick();
        await settle();
      }
    };
    await writer.publish(tokenOf('old', 10));
    isFull = true;
    await writer.publish(tokenOf('new', 60));
    return {
      ...{ clock, writer, done, pass },
      withdrawals: () => done.filter((what) => what === 'withdraw expired').length,
      free: () => {
        isFull = false;
      },
      canRemove: (can: boolean) => {
        canRemove = can;
      },
    };
  }

  it.each([0, 0.3, 0.999])('loses an expired token when it expires, and gets the new one later', async (random) => {
    const { writer, withdrawals, pass, free, done } = await failing({ random });
    expect([writer.isFailing(), writer.status().problem]).toEqual([true, 'it failed unexpectedly (ENOSPC)']);
    await pass(10 * SECOND - 1);
    expect(withdrawals()).toBe(0);
    await pass(2);
    expect(withdrawals()).toBe(1);
    await pass(20 * SECOND);
    expect(withdrawals()).toBe(1);
    free();
    await pass(5 * SECOND);
    expect(done.at(-1)).toBe('publish new');
    expect([writer.isFailing(), writer.status().problem]).toEqual([false, undefined]);
  });

  it('is tried again if the expired token cannot be removed either, without a busy loop', async () => {
    const { withdrawals, pass, canRemove, done } = await failing();
    canRemove(false);
    await pass(60 * SECOND);
    expect(withdrawals()).toBeGreaterThan(1);
    expect(done.length).toBeLessThan(60);
    canRemove(true);
    const before = withdrawals();
    await pass(30 * SECOND);
    expect(withdrawals()).toBe(before + 1);
  });
});
