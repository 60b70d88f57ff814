import { type Clock, systemClock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import type { Tokens } from '../model/tokens.ts';
import { type Notify, notifier, reloading } from './notify.ts';
import { startWatchdog, statusLine } from './watchdog.ts';

/** How long stopping waits for its notification, in milliseconds. */
const LAST_WORD_MILLISECONDS = 1_000;

/** This process as a systemd service. Every method does nothing if systemd did not start the process. */
export interface Service {
  /** Reports that the service is ready. From then on, sends the status of the tokens and watchdog messages. */
  ready(): Promise<void>;
  /** Reports a reload of the configuration while `work` runs. */
  whileReloading(work: () => Promise<void>): Promise<void>;
  /** Reports that the service is stopping. @returns after the notification, or after one second */
  stopping(): Promise<void>;
}

export interface ServiceParts {
  tokens: Pick<Tokens, 'statuses' | 'onChange'>;
  log: Log;
  clock?: Clock;
  notify?: Notify;
}

/** Creates the systemd service of an agent. */
export function serviceOf(
  env: NodeJS.ProcessEnv,
  { tokens, log, clock = systemClock, notify = notifier(env, log) }: ServiceParts,
): Service {
  let isReady = false;
  let end = () => {};
  const ready = () => notify({ READY: '1', STATUS: statusLine(tokens.statuses()) });
  return {
    async ready() {
      isReady = true;
      await ready();
      let told = statusLine(tokens.statuses());
      const endListening = tokens.onChange(() => {
        const line = statusLine(tokens.statuses());
        // Skip unchanged lines: each message starts a process, and with many tokens there are many renewals.
        if (line === told) return;
        told = line;
        void notify({ STATUS: line });
      });
      const endWatchdog = startWatchdog(env, { tokens, clock, notify });
      end = () => {
        endListening();
        endWatchdog();
      };
    },
    async whileReloading(work) {
      if (isReady) await notify(reloading());
      await work();
      if (isReady) await ready();
    },
    async stopping() {
      isReady = false;
      end();
      const enough = new Promise<void>((resolve) => clock.after(LAST_WORD_MILLISECONDS, resolve));
      await Promise.race([notify({ STOPPING: '1', STATUS: 'stopping' }), enough]);
    },
  };
}
