import type { Clock } from '../model/clock.ts';
import { isHealthy, type TokenStatus } from '../model/status.ts';
import type { Tokens } from '../model/tokens.ts';
import type { Notify } from './notify.ts';

/** How long a fetch may be overdue before the agent counts as stuck. The timeouts of a fetch are shorter. */
const STUCK_MILLISECONDS = 300_000;

export interface Watched {
  tokens: Pick<Tokens, 'statuses'>;
  clock: Clock;
  notify: Notify;
}

/**
 * Sends watchdog messages to systemd at half of the watchdog interval, while the event loop runs and no fetch is
 * overdue for minutes. Does nothing if systemd does not watch this process.
 *
 * @returns a function that stops the messages
 * @see sd_watchdog_enabled(3)
 */
export function startWatchdog({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv, watched: Watched): () => void {
  const { tokens, clock, notify } = watched;
  const interval = Number(WATCHDOG_USEC) / 2_000;
  if (!(interval > 0) || (WATCHDOG_PID && WATCHDOG_PID !== String(process.pid))) return () => {};
  const isStuck = stuckness(clock);
  let cancel = () => {};
  const beat = () => {
    const statuses = tokens.statuses();
    if (!isStuck(statuses)) void notify({ WATCHDOG: '1', STATUS: statusLine(statuses) });
    cancel = clock.after(interval, beat);
  };
  beat();
  return () => cancel();
}

/** Summarizes the state of all tokens, for `systemctl status`. */
export function statusLine(statuses: readonly TokenStatus[]): string {
  const unhealthy = statuses.filter((status) => !isHealthy(status)).map(({ name }) => name);
  const healthy = `${statuses.length - unhealthy.length} of ${statuses.length} tokens healthy`;
  if (unhealthy.length === 0) return healthy;
  const more = unhealthy.length > 5 ? ` and ${unhealthy.length - 5} more` : '';
  return `${healthy}; unhealthy: ${unhealthy.slice(0, 5).join(', ')}${more}`;
}

// Uses the monotonic clock: after a jump of the wall clock, every fetch looks overdue until the agent has noticed.
function stuckness(clock: Clock): (statuses: readonly TokenStatus[]) => boolean {
  let overdue = new Map<string, number>();
  return (statuses) => {
    const late = statuses.filter(({ nextFetchAt }) => nextFetchAt !== undefined && nextFetchAt < clock.now());
    const since = ({ name, nextFetchAt }: TokenStatus) => `${name} ${nextFetchAt}`;
    overdue = new Map(late.map((status) => [since(status), overdue.get(since(status)) ?? clock.elapsed()]));
    return [...overdue.values()].some((first) => clock.elapsed() - first > STUCK_MILLISECONDS);
  };
}
