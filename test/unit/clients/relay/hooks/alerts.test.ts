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
  it('is delivered once after three failures, and once more when the token is fresh again', async () => {
    const { look, told, clock } = alerting([{ command }]);
    for (const failures of [1, 2, 3, 4, 5, 0, 0, 1, 0, 3]) {
      look(status(failures), 1);
      await clock.pass(SECOND);
    }
    expect(told).toEqual(['failing 3', 'recovered 0', 'failing 3']);
  });

  it('is delivered after the configured failures, or below the configured remaining lifetime', async () => {
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

  it('with remaining_share is delivered for a token that is gone, but not before the first fetch', async () => {
    const { look, told } = alerting([{ command, remaining_share: 0.2 }]);
    look(status(0, 'waiting'), 0);
    await settle();
    expect(told).toEqual([]);
    look(status(1, 'waiting'), 0);
    await settle();
    expect(told).toEqual(['failing 1']);
  });

  it('is delivered for each token separately', async () => {
    const { look, told } = alerting([{ command }]);
    look(status(3), 1);
    look({ ...status(4), name: 'other' }, 1);
    await settle();
    expect(told).toEqual(['failing 3', 'failing 4']);
  });

  it('is retried after a failed delivery, a limited number of times', async () => {
    const { look, told, logged, clock } = alerting([{ command }], () =>
      Promise.reject(new CommandFailure('ended with code 1')),
    );
    look(status(3), 1);
    await clock.pass(HOUR);
    expect(told).toHaveLength(4);
    expect(logged).toEqual(Array.from({ length: 4 }, () => 'an alert could not be delivered'));
  });

  it('is dropped if the token has recovered before its delivery', async () => {
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

  it('is not delivered after the agent has stopped', async () => {
    const { look, told, stop, clock } = alerting([{ command }], () => Promise.reject(new Error('away')));
    look(status(3), 1);
    await clock.pass(SECOND);
    stop();
    await clock.pass(HOUR);
    expect(told).toHaveLength(1);
  });
});

describe('an agent with alerts', () => {
  it('reports failing renewals, and the recovery', async () => {
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
