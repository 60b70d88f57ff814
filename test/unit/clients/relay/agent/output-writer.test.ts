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
