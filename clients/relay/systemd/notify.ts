import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { promisify } from 'node:util';
import { faultDetails } from '../failure.ts';
import type { Log } from '../model/log.ts';

const PROGRAMS = ['/usr/bin/systemd-notify', '/bin/systemd-notify'];

/** Longer than the 5 seconds that `systemd-notify` itself waits for a reply. */
const TIMEOUT_MILLISECONDS = 10_000;

/** Sends assignments of sd_notify(3) to systemd, such as `READY: '1'`. Never throws. */
export type Notify = (assignments: Record<string, string>) => Promise<void>;

/**
 * Returns a function that notifies systemd, if systemd started this process with notifications. Node does not support
 * Unix datagram sockets, so `systemd-notify` sends each message, in order, and the unit needs `NotifyAccess=all`.
 *
 * @param programs the possible paths of `systemd-notify`
 */
export function notifier({ NOTIFY_SOCKET }: NodeJS.ProcessEnv, log: Log, programs = PROGRAMS): Notify {
  if (!NOTIFY_SOCKET) return async () => {};
  const program = programs.find(isExecutable);
  if (program === undefined) {
    log.error({ looked_at: programs }, 'systemd expects notifications, but systemd-notify was not found');
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

/** Returns the assignments for the start of a reload. @see sd_notify(3): CLOCK_MONOTONIC in microseconds */
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
