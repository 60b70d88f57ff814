/** How times stand in logs. @param wait milliseconds */
export function secondsOf(wait: number): number {
  return Math.round(wait / 100) / 10;
}

/** @returns nothing for nothing: no such detail is logged then */
export function isoTime(moment: number | undefined): string | undefined {
  return moment === undefined ? undefined : new Date(moment).toISOString();
}
