import { auditEvents } from '@tvm/contract/events.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { type Command, Option } from 'commander';
import type { GlobalOptions } from '../connection/global-options.ts';
import { readMoment } from '../connection/moment-option.ts';

/** The options that say which archive, and what its digests are verified with. */
export interface ArchiveOptions extends GlobalOptions {
  archive: string;
  keys?: string;
}

/** Adds the options that say which archive, and what its digests are verified with. */
export function addArchiveOptions(command: Command): Command {
  return command
    .requiredOption('--archive <place>', 'the archive: s3://bucket, or a directory with a copy of it')
    .option('--keys <place>', 'a key file, or the URL of the public keys (without it: as the service publishes them)');
}

/** The options of `tvm audit verify`, `query` and `export`. */
export interface AuditOptions extends ArchiveOptions {
  from?: string;
  to?: string;
}

/** Adds the options that say which part of an archive. */
export function addAuditOptions(command: Command): Command {
  return addArchiveOptions(command)
    .option('--from <time>', 'from then on: a time, a day, or a duration ago: 7d (without it: from the beginning)')
    .option('--to <time>', 'until then: a time, a day’s beginning, or a duration ago (without it: until now)');
}

/** What a line of the archive may be; the last says that a change of the table could not be read. */
const TYPES = [...Object.keys(auditEvents), 'Record Unreadable'];

/** The options that say which events. */
export interface EventOptions extends AuditOptions {
  type?: string[];
  tokenId?: string;
  subject?: string;
  audience?: string;
  resource?: string;
  revocationId?: string;
}

/** Adds the options that say which events. */
export function addEventOptions(command: Command): Command {
  return addAuditOptions(command)
    .addOption(new Option('--type <type...>', 'only events of these types').choices(TYPES))
    .option('--token-id <id>', 'only what is about this token')
    .option('--subject <arn>', 'only what is about this IAM role or user')
    .option('--audience <name>', 'only what is about tokens for this resource server')
    .option('--resource <location>', 'only what concerns a place in this location: orders-db/orders, or orders-db/*')
    .option('--revocation-id <id>', 'only what is about this revocation');
}

/**
 * Reads from when to when.
 *
 * @param now milliseconds since the epoch: durations are counted back from then
 * @returns milliseconds; `undefined` where it is not given
 * @throws {Failure} when a time is none, or they are the wrong way round
 */
export function readSpan(options: AuditOptions, now: number): { from: number | undefined; to: number | undefined } {
  const read = (option: string, text: string | undefined) => {
    const time = readMoment(option, text, now);
    return time === undefined ? undefined : Date.parse(time);
  };
  const from = read('--from', options.from);
  const to = read('--to', options.to);
  if (from !== undefined && from > (to ?? now)) throw usageFailure('--from must be before --to', '--from');
  return { from, to };
}
