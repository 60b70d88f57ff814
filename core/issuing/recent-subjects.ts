import type { Clock } from '../ports.ts';

/** How long a subject stays cached, in milliseconds. */
const CACHED_FOR = 10_000;

/** The maximum number of cached subjects. The oldest entry is evicted first. */
const MOST = 1_000;

/** A cache of the subjects, or other names, that this process added in the last 10 seconds. */
export interface RecentSubjects {
  add(subject: string): void;
  has(subject: string): boolean;
}

export function recentSubjects(clock: Clock): RecentSubjects {
  const until = new Map<string, number>();
  return {
    add(subject) {
      // Delete first: a Map keeps the original position of a key that is set again.
      until.delete(subject);
      until.set(subject, clock.now() + CACHED_FOR);
      const [oldest] = until.keys();
      if (until.size > MOST && oldest !== undefined) until.delete(oldest);
    },
    has(subject) {
      return clock.now() < (until.get(subject) ?? 0);
    },
  };
}
