import { hostname } from 'node:os';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import { reasonOf } from '../model/reason.ts';
import type { TokenStatus } from '../model/status.ts';
import { workQueue } from '../model/work-queue.ts';
import type { Alert } from '../settings/hooks.ts';
import { type AlertMessage, sendAlert } from './send-alert.ts';

/** Sends the configured alerts when a token cannot be renewed: once, and again when renewal works. */
export interface Alerts {
  /** Evaluates the status of a token. @param leftShare the remaining fraction of its lifetime, from 1 to 0 */
  look(status: TokenStatus, leftShare: number): void;
  /** Drops alerts that are not delivered yet. */
  stop(): void;
}

const DEFAULT_FAILURES = 3;
const AT_ONCE = 2;
/** Milliseconds after which a slow delivery no longer blocks others. */
const SLOT = 5_000;
/** The waits before each retry of a failed delivery, in milliseconds. */
const RETRIES = [2_000, 10_000, 60_000];

export interface AlertTools {
  clock: Clock;
  log: Log;
  /** The path of the configuration. Commands run only if no other user can write it. */
  configFile: string;
  send?: typeof sendAlert;
}

/** @param tools.send delivers an alert. Default: by command or webhook */
export function alertsOf(alerts: readonly Alert[], { clock, log, configFile, send = sendAlert }: AlertTools): Alerts {
  const queue = workQueue(clock, { atOnce: AT_ONCE, slot: SLOT });
  const controller = new AbortController();
  const { signal } = controller;
  /** The last message and its delivery, by alert and token. */
  const told = new Map<string, { message: AlertMessage; done: Promise<void> }>();

  function tell(key: string, alert: Alert, message: AlertMessage): void {
    const before = told.get(key)?.done;
    const isLatest = () => told.get(key)?.message === message && !signal.aborted;
    told.set(key, { message, done: deliver(key, alert, message, isLatest, before) });
  }

  async function deliver(
    key: string,
    alert: Alert,
    message: AlertMessage,
    isLatest: () => boolean,
    before: Promise<void> | undefined,
  ): Promise<void> {
    await before;
    const details = { token: message.status.name, alert: message.alert };
    for (const wait of [0, ...RETRIES]) {
      if (wait > 0) await pause(clock, wait, signal);
      if (!isLatest()) return;
      try {
        await queue.run(key, () => send(alert, message, { configFile, signal }), signal);
        log.info(details, 'an alert was delivered');
        return;
      } catch (error) {
        if (!signal.aborted) log.error({ ...details, error: reasonOf(error) }, 'an alert could not be delivered');
      }
    }
  }

  return {
    look(status, leftShare) {
      for (const [index, alert] of alerts.entries()) {
        const key = `${index} ${status.name}`;
        const isFailing = told.get(key)?.message.alert === 'failing';
        const isTrouble = isInTrouble(alert, status, leftShare);
        if (isTrouble && !isFailing) tell(key, alert, { alert: 'failing', host: hostname(), status });
        if (isFailing && !isTrouble && status.state === 'fresh') {
          tell(key, alert, { alert: 'recovered', host: hostname(), status });
        }
      }
    },
    stop: () => controller.abort(),
  };
}

function isInTrouble(alert: Alert, { state, failures }: TokenStatus, leftShare: number): boolean {
  const { remaining_share, after_failures = remaining_share === undefined ? DEFAULT_FAILURES : undefined } = alert;
  if (after_failures !== undefined && failures >= after_failures) return true;
  const isExpected = state !== 'waiting' || failures > 0;
  return remaining_share !== undefined && isExpected && leftShare < remaining_share;
}

function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(milliseconds, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
