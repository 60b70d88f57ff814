import { InvalidArgumentError } from 'commander';

/** Parses a number of seconds, at most one day. */
export function readSeconds(text: string): number {
  const seconds = /^\d{1,5}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds > 0 && seconds <= 86_400))
    throw new InvalidArgumentError('It must be a number of seconds of at most 86400, such as 60.');
  return seconds;
}
