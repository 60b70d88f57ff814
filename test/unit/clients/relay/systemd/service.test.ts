import type { TokenStatus } from 'tokenrelay/model/status.ts';
import type { Token } from 'tokenrelay/model/token.ts';
import { serviceOf } from 'tokenrelay/systemd/service.ts';
import { describe, expect, it } from 'vitest';
import { manualClock } from './manual-clock.ts';
import { aStatus } from './statuses.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function aService(env: NodeJS.ProcessEnv = {}, statuses: TokenStatus[] = [aStatus('first'), aStatus('second')]) {
  const told: Record<string, string>[] = [];
  const clock = manualClock();
  const listeners = new Set<(name: string, token: Token | undefined) => void>();
  const tokens = {
    statuses: () => statuses,
    onChange(listener: (name: string, token: Token | undefined) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const notify = async (assignments: Record<string, string>) => {
    told.push(assignments);
  };
  const service = serviceOf(env, { tokens, log: silent, clock, notify });
  return {
    service,
    told,
    clock,
    statuses,
    change() {
      for (const listener of listeners) listener('first', undefined);
    },
  };
}

const beats = (told: Record<string, string>[]) => told.filter(({ WATCHDOG }) => WATCHDOG === '1').length;

describe('notifications to systemd', () => {
  it('report that the service is ready, with the number of healthy tokens', async () => {
    const { service, told } = aService({}, [aStatus('first'), aStatus('second', { state: 'waiting' })]);
    await service.ready();
    expect(told).toEqual([{ READY: '1', STATUS: '1 of 2 tokens healthy; unhealthy: second' }]);
  });

  it('report a token that is gone, and skip unchanged status lines', async () => {
    const { service, told, statuses, change } = aService();
    await service.ready();
    change();
    expect(told).toHaveLength(1);
    statuses[0] = aStatus('first', { state: 'expired' });
    change();
    change();
    expect(told.slice(1)).toEqual([{ STATUS: '1 of 2 tokens healthy; unhealthy: first' }]);
  });

  it('count a token with a wrong output as unhealthy', async () => {
    const outputs = [{ name: 'file /run/token', problem: 'it is missing' }];
    const { service, told } = aService({}, [aStatus('first', { outputs })]);
    await service.ready();
    expect(told[0]?.STATUS).toBe('0 of 1 tokens healthy; unhealthy: first');
  });

  it('name at most five tokens', async () => {
    const statuses = Array.from({ length: 7 }, (_, index) => aStatus(`t${index}`, { state: 'expired' }));
    const { service, told } = aService({}, statuses);
    await service.ready();
    expect(told[0]?.STATUS).toBe('0 of 7 tokens healthy; unhealthy: t0, t1, t2, t3, t4 and 2 more');
  });

  it('report a reload with the monotonic clock, and readiness afterwards', async () => {
    const { service, told } = aService();
    await service.ready();
    const before = process.hrtime.bigint() / 1000n;
    await service.whileReloading(async () => {
      expect(told.at(-1)?.RELOADING).toBe('1');
    });
    const at = BigInt(told.at(-2)?.MONOTONIC_USEC ?? 0);
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(process.hrtime.bigint() / 1000n);
    expect(told.at(-1)?.READY).toBe('1');
  });

  it('report no reload before the service is ready', async () => {
    const { service, told } = aService();
    let reloaded = false;
    await service.whileReloading(async () => {
      reloaded = true;
    });
    expect({ reloaded, told }).toEqual({ reloaded: true, told: [] });
  });

  it('report stopping, and nothing after that', async () => {
    const { service, told, clock, statuses, change } = aService({ WATCHDOG_USEC: '60000000' });
    await service.ready();
    await service.stopping();
    const count = told.length;
    expect(told.at(-1)?.STOPPING).toBe('1');
    statuses[0] = aStatus('first', { state: 'expired' });
    change();
    clock.pass(600_000);
    expect(told).toHaveLength(count);
  });
});

describe('the watchdog', () => {
  it('gets a message at half of its interval', async () => {
    const { service, told, clock } = aService({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: String(process.pid) });
    await service.ready();
    expect(beats(told)).toBe(1);
    clock.pass(29_999);
    expect(beats(told)).toBe(1);
    clock.pass(1);
    expect(beats(told)).toBe(2);
    clock.pass(60_000);
    expect(beats(told)).toBe(4);
  });

  it.each([
    ['there is none', {}],
    ['it watches another process', { WATCHDOG_USEC: '60000000', WATCHDOG_PID: '1' }],
    ['its interval is invalid', { WATCHDOG_USEC: 'soon' }],
  ])('gets no message when %s', async (_case, env) => {
    const { service, told, clock } = aService(env);
    await service.ready();
    clock.pass(600_000);
    expect(beats(told)).toBe(0);
  });

  it('gets no message while a fetch is overdue for more than five minutes', async () => {
    const { service, told, clock, statuses } = aService({ WATCHDOG_USEC: '60000000' });
    statuses[0] = aStatus('first', { nextFetchAt: clock.now() + 30_000 });
    await service.ready();
    clock.pass(360_000);
    const fed = beats(told);
    clock.pass(300_000);
    expect(beats(told) - fed).toBe(0);
    statuses[0] = aStatus('first', { nextFetchAt: clock.now() + 86_400_000 });
    clock.pass(60_000);
    expect(beats(told) - fed).toBe(2);
  });

  it('gets messages while the agent recovers from a jump of the clock', async () => {
    const { service, told, clock, statuses } = aService({ WATCHDOG_USEC: '60000000' });
    statuses[0] = aStatus('first', { nextFetchAt: clock.now() + 3_600_000 });
    await service.ready();
    clock.jump(86_400_000);
    clock.pass(240_000);
    expect(beats(told)).toBe(9);
  });
});
