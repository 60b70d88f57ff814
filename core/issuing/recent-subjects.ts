import type { Clock } from '../ports.ts';

/** How long a subject is remembered, in milliseconds. */
const REMEMBERED = 10_000;

/** How many are remembered at most: the ones added first are forgotten first. */
const MOST = 1_000;

/** Subjects of which something was seen in the last 10 seconds, in this process. */
export interface RecentSubjects {
  add(subject: string): void;
  has(subject: string): boolean;
}

export function recentSubjects(clock: Clock): RecentSubjects {
  const until = new Map<string, number>();
  return {
    add(subject) {
      // Deleted first, so that the map stays in the order of time.
      until.delete(subject);
      until.set(subject, clock.now() + REMEMBERED);
      const [oldest] = until.keys();
      if (until.size > MOST && oldest !== undefined) until.delete(oldest);
    },
    has(subject) {
      return clock.now() < (until.get(subject) ?? 0);
    },
  };
}
