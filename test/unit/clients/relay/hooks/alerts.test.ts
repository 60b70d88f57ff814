import { alertsOf } from 'tokenrelay/hooks/alerts.ts';
import type { TokenStatus } from 'tokenrelay/model/status.ts';
import { CommandFailure } from 'tokenrelay/process/run-command.ts';
import type { Alert } from 'tokenrelay/settings/hooks.ts';
import { describe, expect, it } from 'vitest';
import { fakeClock, settle } from '../agent/fake-clock.ts';
import { configurationOf, failing, fakeWorld, HOUR, MINUTE, SECOND, token } from '../agent/fake-world.ts';

const command = ['/usr/local/bin/alert'];
const status = (
  failures: number,
  state: TokenStatus['state'] = failures === 0 ? 'fresh' : 'retrying',
): TokenStatus => ({
  ...{ name: 't', type: 'http', state, failures, fetches: { succeeded: 1, failed: failures }, outputs: [] },
});

function alerting(alerts: Alert[], send: () => Promise<void> = async () => {}) {
  const clock = fakeClock();
  const told: string[] = [];
  const logged: string[] = [];
  const log = (_: object, message: string) => void logged.push(message);
  const tools = {
    clock,
    log: { debug: log, info: log, warn: log, error: log },
    configFile: '/etc/tokenrelay/config.yaml',
  };
  const watching = alertsOf(alerts, {
    ...tools,
    async send(_, message) {
      told.push(`${message.alert} ${message.status.failures}`);
      await send();
    },
  });
  return { clock, told, logged, ...watching };
}

describe('an alert', () => {
  it('is told once after three failures, and once more when the token is fresh again', async () => {
    const { look, told, clock } = alerting([{ command }]);
    for (const failures of [1, 2, 3, 4, 5, 0, 0, 1, 0, 3]) {
      look(status(failures), 1);
      await clock.pass(SECOND);
    }
    expect(told).toEqual(['failing 3', 'recovered 0', 'failing 3']);
  });

  it('is told after as many failures as it says, or when less of the lifetime is left than it says', async () => {
    const first = alerting([{ command, after_failures: 1 }]);
    first.look(status(1), 1);
    await settle();
    expect(first.told).toEqual(['failing 1']);

    const share = alerting([{ command, remaining_share: 0.2 }]);
    for (const [failures, left] of [
      [50, 0.2],
      [51, 0.19],
      [52, 0.1],
    ] as const)
      share.look(status(failures), left);
    await settle();
    expect(share.told).toEqual(['failing 51']);
  });

  it('by what is left is told of a token that is gone, but not of one that nobody asked for yet', async () => {
    const { look, told } = alerting([{ command, remaining_share: 0.2 }]);
    look(status(0, 'waiting'), 0);
    await settle();
    expect(told).toEqual([]);
    look(status(1, 'waiting'), 0);
    await settle();
    expect(told).toEqual(['failing 1']);
  });

  it('is told of each token by itself', async () => {
    const { look, told } = alerting([{ command }]);
    look(status(3), 1);
    look({ ...status(4), name: 'other' }, 1);
    await settle();
    expect(told).toEqual(['failing 3', 'failing 4']);
  });

  it('that cannot be told is tried again, and given up after some times', async () => {
    const { look, told, logged, clock } = alerting([{ command }], () =>
      Promise.reject(new CommandFailure('ended with code 1')),
    );
    look(status(3), 1);
    await clock.pass(HOUR);
    expect(told).toHaveLength(4);
    expect(logged).toEqual(Array.from({ length: 4 }, () => 'an alert could not be delivered'));
  });

  it('that could not be told yet is not told after the news that it is over', async () => {
    let broken = true;
    const { look, told, clock } = alerting([{ command }], () =>
      broken ? Promise.reject(new Error('away')) : Promise.resolve(),
    );
    look(status(3), 1);
    await clock.pass(SECOND);
    broken = false;
    look(status(0), 1);
    await clock.pass(HOUR);
    expect(told).toEqual(['failing 3', 'recovered 0']);
  });

  it('is not told after the end of the agent', async () => {
    const { look, told, stop, clock } = alerting([{ command }], () => Promise.reject(new Error('away')));
    look(status(3), 1);
    await clock.pass(SECOND);
    stop();
    await clock.pass(HOUR);
    expect(told).toHaveLength(1);
  });
});

describe('an agent with alerts', () => {
  it('tells of trouble while it renews, and of its end', async () => {
    const at = fakeWorld(configurationOf([token('t')], { alerts: [{ command }] }), {
      t: { answer: failing('no client') },
    });
    await at.clock.pass(MINUTE);
    at.sources.t = { lifetime: HOUR };
    await at.clock.pass(MINUTE);
    expect(at.alerts.map(({ alert, status: { failures, lastError } }) => [alert, failures, lastError])).toEqual([
      ['failing', 3, 'no client'],
      ['recovered', 0, undefined],
    ]);
  });
});
