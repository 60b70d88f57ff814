import type { Clock } from '../model/clock.ts';

/**
 * A point in time by both clocks. The wall clock may be set; the monotonic clock stops while the machine is suspended.
 */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Monotonic milliseconds. */
  readonly elapsed: number;
}

export function momentOf(clock: Clock): Moment {
  return { now: clock.now(), elapsed: clock.elapsed() };
}

/** Returns the moment this many milliseconds earlier. */
export function before({ now, elapsed }: Moment, milliseconds: number): Moment {
  return { now: now - milliseconds, elapsed: elapsed - milliseconds };
}

/** Returns the milliseconds passed between two moments, by the clock on which more time has passed. */
export function passed(since: Moment, at: Moment): number {
  return Math.max(at.now - since.now, at.elapsed - since.elapsed);
}

/** Returns the milliseconds by which the wall clock was set back between two moments, or 0. */
export function setBack(since: Moment, at: Moment): number {
  return Math.max(0, at.elapsed - since.elapsed - (at.now - since.now));
}

/** A wait that starts at a moment. */
export interface Deadline {
  readonly since: Moment;
  /** The wait in milliseconds, or Infinity for never. */
  readonly wait: number;
}

export function deadlineIn(since: Moment, wait: number): Deadline {
  return { since: { now: since.now, elapsed: since.elapsed }, wait };
}

/** Returns the milliseconds until a deadline; 0 after it. */
export function left({ since, wait }: Deadline, at: Moment): number {
  return Math.max(0, wait - passed(since, at));
}
