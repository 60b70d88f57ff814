import type { Clock } from '../model/clock.ts';

/** Time gone by since a moment, for a machine whose clock may be set and which may be suspended. */
export interface Stopwatch {
  /** Milliseconds gone by: what the machine’s clock says, or what never jumps says, whichever is more. */
  passed(): number;
  /** By how many milliseconds the machine’s clock was set back meanwhile; 0 when it was not. */
  setBack(): number;
}

/** @param alreadyPassed milliseconds that had gone by before */
export function startStopwatch(clock: Clock, alreadyPassed = 0): Stopwatch {
  const wall = clock.now() - alreadyPassed;
  const elapsed = clock.elapsed() - alreadyPassed;
  const byWall = () => clock.now() - wall;
  const byElapsed = () => clock.elapsed() - elapsed;
  return {
    passed: () => Math.max(byWall(), byElapsed()),
    setBack: () => Math.max(0, byElapsed() - byWall()),
  };
}

/** A moment to wait for. */
export interface Deadline {
  /** Milliseconds until then; 0 once it has come. */
  left(): number;
}

/** @param wait milliseconds from now; Infinity for never */
export function deadlineIn(clock: Clock, wait: number): Deadline {
  const stopwatch = startStopwatch(clock);
  return { left: () => Math.max(0, wait - stopwatch.passed()) };
}
