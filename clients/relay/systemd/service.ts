import { type Clock, systemClock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import type { Tokens } from '../model/tokens.ts';
import { type Notify, notifier, reloading } from './notify.ts';
import { startWatchdog, statusLine } from './watchdog.ts';

/** How long the end may wait for being told, in milliseconds. */
const LAST_WORD_MILLISECONDS = 1_000;

/** This process as a service of systemd. Each of these does nothing where systemd did not start it. */
export interface Service {
  /** It is started. From now on systemd is told how the tokens are, and that the agent is alive. */
  ready(): Promise<void>;
  /** It reads its configuration anew. */
  whileReloading(work: () => Promise<void>): Promise<void>;
  /** It ends. @returns once that was told, or after a second */
  stopping(): Promise<void>;
}

export interface ServiceParts {
  tokens: Pick<Tokens, 'statuses' | 'onChange'>;
  log: Log;
  clock?: Clock;
  notify?: Notify;
}

/** Speaks to systemd about an agent. */
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
        // A message is a process, and of many tokens one is renewed every moment.
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
