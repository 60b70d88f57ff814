import { hostname } from 'node:os';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import { reasonOf } from '../model/reason.ts';
import type { TokenStatus } from '../model/status.ts';
import { workQueue } from '../model/work-queue.ts';
import type { Alert } from '../settings/hooks.ts';
import { type AlertMessage, sendAlert } from './send-alert.ts';

/** Tells those whom the configuration names when a token cannot be renewed: once, and again when it can. */
export interface Alerts {
  /** Looks at how a token is. @param leftShare what is left of its lifetime, from 1 to 0 */
  look(status: TokenStatus, leftShare: number): void;
  /** Gives up what is not told yet. */
  stop(): void;
}

const DEFAULT_FAILURES = 3;
const AT_ONCE = 2;
/** Milliseconds: one that takes longer keeps no other waiting. */
const SLOT = 5_000;
/** Milliseconds before it is told once more where that failed. */
const RETRIES = [2_000, 10_000, 60_000];

export interface AlertTools {
  clock: Clock;
  log: Log;
  /** A command in it is run only where nobody else can write it. */
  configFile: string;
  send?: typeof sendAlert;
}

/** @param tools.send tells one: by a command or a webhook, unless a test says otherwise */
export function alertsOf(alerts: readonly Alert[], { clock, log, configFile, send = sendAlert }: AlertTools): Alerts {
  const queue = workQueue(clock, { atOnce: AT_ONCE, slot: SLOT });
  const controller = new AbortController();
  const { signal } = controller;
  /** By alert and token: what was told last, and when that is done. */
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
        log.info(details, 'an alert was told');
        return;
      } catch (error) {
        if (!signal.aborted) log.error({ ...details, error: reasonOf(error) }, 'an alert could not be told');
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
