import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { promisify } from 'node:util';
import { faultDetails } from '../failure.ts';
import type { Log } from '../model/log.ts';

const PROGRAMS = ['/usr/bin/systemd-notify', '/bin/systemd-notify'];

/** Longer than the 5 seconds for which `systemd-notify` itself waits for an answer. */
const TIMEOUT_MILLISECONDS = 10_000;

/** Tells systemd how the service is: assignments of sd_notify(3), such as `READY: '1'`. Never throws. */
export type Notify = (assignments: Record<string, string>) => Promise<void>;

/**
 * The way to systemd, if it started this process and wants to know. Node has no datagram socket of Unix, so each message
 * is sent by `systemd-notify`, one after the other, and the unit needs `NotifyAccess=all`.
 *
 * @param programs where `systemd-notify` may be
 */
export function notifier({ NOTIFY_SOCKET }: NodeJS.ProcessEnv, log: Log, programs = PROGRAMS): Notify {
  if (!NOTIFY_SOCKET) return async () => {};
  const program = programs.find(isExecutable);
  if (program === undefined) {
    log.error({ looked_at: programs }, 'systemd wants to be notified, and systemd-notify is not there');
    return async () => {};
  }
  const send = promisify(execFile);
  let last: Promise<void> = Promise.resolve();
  return (assignments) => {
    const words = Object.entries(assignments).map(([name, value]) => `${name}=${value.replace(/\s+/g, ' ')}`);
    last = last.then(async () => {
      try {
        await send(program, words, { env: { NOTIFY_SOCKET }, timeout: TIMEOUT_MILLISECONDS });
      } catch (error) {
        log.warn({ fault: faultDetails(error), told: Object.keys(assignments) }, 'systemd could not be notified');
      }
    });
    return last;
  };
}

/** What says that a reload begins. @see sd_notify(3): the time is that of CLOCK_MONOTONIC, in microseconds */
export function reloading(): Record<string, string> {
  return { RELOADING: '1', MONOTONIC_USEC: String(process.hrtime.bigint() / 1000n) };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
