import type { Clock } from '../model/clock.ts';

/** A moment, by both clocks of a machine: one may be set, the other stands still while the machine is suspended. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds that never jump. */
  readonly elapsed: number;
}

export function momentOf(clock: Clock): Moment {
  return { now: clock.now(), elapsed: clock.elapsed() };
}

/** The moment so many milliseconds before. */
export function before({ now, elapsed }: Moment, milliseconds: number): Moment {
  return { now: now - milliseconds, elapsed: elapsed - milliseconds };
}

/** Milliseconds gone by since then: what the machine’s clock says, or what never jumps says, whichever is more. */
export function passed(since: Moment, at: Moment): number {
  return Math.max(at.now - since.now, at.elapsed - since.elapsed);
}

/** By how many milliseconds the machine’s clock was set back meanwhile; 0 when it was not. */
export function setBack(since: Moment, at: Moment): number {
  return Math.max(0, at.elapsed - since.elapsed - (at.now - since.now));
}

/** A moment to wait for. */
export interface Deadline {
  readonly since: Moment;
  /** Milliseconds; Infinity for never. */
  readonly wait: number;
}

export function deadlineIn(since: Moment, wait: number): Deadline {
  return { since: { now: since.now, elapsed: since.elapsed }, wait };
}

/** Milliseconds until then; 0 once it has come. */
export function left({ since, wait }: Deadline, at: Moment): number {
  return Math.max(0, wait - passed(since, at));
}
