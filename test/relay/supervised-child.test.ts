import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OnRenewal, type Supervised, superviseChild } from 'tokenrelay/child/supervise.ts';
import type { Configuration } from 'tokenrelay/config/configuration.ts';
import type { Token } from 'tokenrelay/model/token.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../unit/clients/relay/systemd/manual-clock.ts';
import { read, until } from './support/run-tokenrelay.ts';

let folder: string;
let supervised: Supervised | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'supervised-'));
});
afterEach(async () => {
  supervised?.signal('SIGTERM');
  supervised?.signal('SIGQUIT');
  await supervised?.ended;
  supervised = undefined;
  rmSync(folder, { recursive: true });
});

/** Supervises a child that records its starts and signals. A stubborn child ignores SIGTERM. */
function supervise(onRenewal: OnRenewal, { stubborn = false } = {}) {
  const file = join(folder, 'said');
  const clock = manualClock();
  const values = new Map<string, string>([
    ['a', 'a1'],
    ['b', 'b1'],
  ]);
  const listeners = new Set<(name: string, token: Token | undefined) => void>();
  const tokenOf = (value: string): Token => ({ values: { token: value }, fetchedAt: 0 });
  const script = `
    say() { echo "$1" >> ${file}; }
    trap 'say term${stubborn ? '' : '; exit 0'}' TERM; trap 'say quit; exit 0' QUIT; trap 'say hup' HUP
    say "start $A $B"
    while :; do sleep 0.02; done`;
  supervised = superviseChild({
    command: ['/bin/sh', '-c', script],
    configuration: { tokens: ['a', 'b'].map((name) => ({ name, source: {} })) } as unknown as Configuration,
    names: ['a', 'b'],
    onRenewal,
    tokens: {
      current(name) {
        const value = values.get(name);
        return value === undefined ? undefined : tokenOf(value);
      },
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    env: { PATH: process.env.PATH },
    grace: 10_000,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    clock,
  });
  return {
    clock,
    supervised,
    /** Changes a token: to another value, or to none. */
    change(name: string, value: string | undefined) {
      if (value === undefined) values.delete(name);
      else values.set(name, value);
      for (const listener of listeners) listener(name, value === undefined ? undefined : tokenOf(value));
    },
    said: () => read(file)?.trimEnd().split('\n') ?? [],
    saying: (line: string) => until(`the child to say ${line}`, () => read(file)?.split('\n').includes(line)),
  };
}

describe('a supervised child', () => {
  it('is restarted once for several renewals within a second', async () => {
    const { clock, change, said, saying } = supervise('restart');
    await saying('start a1 b1');
    change('a', 'a2');
    clock.pass(900);
    change('b', 'b2');
    clock.pass(1_000);
    await saying('start a2 b2');
    expect(said()).toEqual(['start a1 b1', 'term', 'start a2 b2']);
  });

  it.each([300, 700, 999])('is restarted although a token is renewed every %i ms', async (every) => {
    const { clock, change, said, saying } = supervise('restart');
    await saying('start a1 b1');
    let renewals = 1;
    const renewFor = (milliseconds: number) => {
      for (let passed = 0; passed < milliseconds; passed += every) {
        renewals += 1;
        change('a', `a${renewals}`);
        clock.pass(every);
      }
    };
    renewFor(4_000);
    await until('the first restart', () => said().filter((line) => line.startsWith('start')).length === 2);
    renewFor(4_000);
    await until('the second restart', () => said().filter((line) => line.startsWith('start')).length === 3);
  });

  it('is not restarted for a renewal that changes nothing in its environment', async () => {
    const { clock, change, said, saying } = supervise('restart');
    await saying('start a1 b1');
    change('a', 'a1');
    clock.pass(5_000);
    change('b', 'b2');
    clock.pass(1_000);
    await saying('start a1 b2');
    expect(said()).toEqual(['start a1 b1', 'term', 'start a1 b2']);
  });

  it('continues while one of its tokens is missing, and is restarted when all are available again', async () => {
    const { clock, change, said, saying } = supervise('restart');
    await saying('start a1 b1');
    change('b', undefined);
    change('a', 'a2');
    clock.pass(5_000);
    change('b', 'b2');
    clock.pass(1_000);
    await saying('start a2 b2');
    expect(said()).toEqual(['start a1 b1', 'term', 'start a2 b2']);
  });

  it('is killed and restarted if it does not exit within ten seconds', async () => {
    const { clock, change, said, saying } = supervise('restart', { stubborn: true });
    await saying('start a1 b1');
    change('a', 'a2');
    clock.pass(1_000);
    await saying('term');
    clock.pass(10_000);
    await saying('start a2 b1');
    expect(said()).toEqual(['start a1 b1', 'term', 'start a2 b1']);
  });

  it('is not restarted after a request to stop, and has its time to exit', async () => {
    const { clock, change, said, saying, supervised } = supervise('restart', { stubborn: true });
    await saying('start a1 b1');
    supervised.signal('SIGTERM');
    await saying('term');
    change('a', 'a2');
    clock.pass(9_900);
    supervised.signal('SIGQUIT');
    expect(await supervised.ended).toEqual({ code: 0 });
    expect(said()).toEqual(['start a1 b1', 'term', 'quit']);
  });

  it('is killed after a request to stop that it ignores', async () => {
    const { clock, said, saying, supervised } = supervise('nothing', { stubborn: true });
    await saying('start a1 b1');
    supervised.signal('SIGTERM');
    await saying('term');
    clock.pass(10_000);
    expect(await supervised.ended).toEqual({ signal: 'SIGKILL' });
    expect(said()).toEqual(['start a1 b1', 'term']);
  });

  it('stops for good if the request to stop comes during a restart', async () => {
    const { clock, change, said, saying, supervised } = supervise('restart', { stubborn: true });
    await saying('start a1 b1');
    change('a', 'a2');
    clock.pass(1_000);
    await saying('term');
    supervised.signal('SIGTERM');
    clock.pass(10_000);
    expect(await supervised.ended).toEqual({ signal: 'SIGKILL' });
    expect(said()).toEqual(['start a1 b1', 'term']);
  });

  it('gets one signal for several renewals within a second, and is not restarted', async () => {
    const { clock, change, said, saying } = supervise({ signal: 'SIGHUP' });
    await saying('start a1 b1');
    change('a', 'a2');
    change('b', 'b2');
    clock.pass(1_000);
    await saying('hup');
    expect(said()).toEqual(['start a1 b1', 'hup']);
  });

  it('is not touched if the setting is to do nothing', async () => {
    const { clock, change, said, saying, supervised } = supervise('nothing');
    await saying('start a1 b1');
    change('a', 'a2');
    clock.pass(60_000);
    supervised.signal('SIGQUIT');
    expect(await supervised.ended).toEqual({ code: 0 });
    expect(said()).toEqual(['start a1 b1', 'quit']);
  });
});
