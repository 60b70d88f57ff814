const SECONDS_PER_UNIT = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/**
 * Parses a duration such as `15m`, `1h`, `90d`, or a plain number of seconds such as `900`.
 *
 * @returns whole seconds, or `undefined` if the text is not a positive duration
 */
export function parseDuration(text: string): number | undefined {
  const match = /^([1-9][0-9]{0,8})([smhd]?)$/.exec(text);
  if (match === null) return undefined;
  const unit = (match[2] || 's') as keyof typeof SECONDS_PER_UNIT;
  return Number(match[1]) * SECONDS_PER_UNIT[unit];
}

/** Formats whole seconds as the shortest duration that `parseDuration` reads: `5m` for 300, `90s` for 90. */
export function writeDuration(seconds: number): string {
  const units = Object.entries(SECONDS_PER_UNIT).reverse();
  const [unit, per] = units.find(([, per]) => seconds % per === 0) ?? ['s', 1];
  return `${seconds / per}${unit}`;
}
