import { auditEvents } from '@tvm/contract/events.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { type Command, Option } from 'commander';
import type { GlobalOptions } from '../connection/global-options.ts';
import { readMoment } from '../connection/moment-option.ts';

/** The options for the archive and the keys that verify its digests. */
export interface ArchiveOptions extends GlobalOptions {
  archive: string;
  keys?: string;
}

/** Adds the options for the archive and the keys that verify its digests. */
export function addArchiveOptions(command: Command): Command {
  return command
    .requiredOption('--archive <location>', 's3://bucket, or a directory with a copy')
    .addOption(
      new Option('--keys <location>', 'key file, or URL of the public keys').default(
        undefined,
        'published by the service',
      ),
    );
}

/** The options of `tvm audit verify`, `query` and `export`. */
export interface AuditOptions extends ArchiveOptions {
  from?: string;
  to?: string;
}

/** Adds the options for the time range. */
export function addAuditOptions(command: Command): Command {
  return addArchiveOptions(command)
    .addOption(
      new Option('--from <time>', 'start: a timestamp, a date (UTC), or a duration before now such as 7d').default(
        undefined,
        'the first event',
      ),
    )
    .addOption(new Option('--to <time>', 'end, in the same formats; a date means 00:00').default(undefined, 'now'));
}

/** The types of records in the archive. The last one marks a table change that could not be read. */
const TYPES = [...Object.keys(auditEvents), 'Record Unreadable'];

/** The filters of `tvm audit query` and `tvm audit export`. */
export interface EventOptions extends AuditOptions {
  type?: string[];
  tokenId?: string;
  subject?: string;
  audience?: string;
  resource?: string;
  revocationId?: string;
}

/** Adds the filters for events. */
export function addEventOptions(command: Command): Command {
  return addAuditOptions(command)
    .optionsGroup('Filters:')
    .addOption(new Option('--type <type...>', 'event types').choices(TYPES))
    .option('--token-id <id>', 'token id')
    .option('--subject <subject>', 'IAM role or user of the workload, or a federated subject')
    .option('--audience <name>', 'resource server')
    .option('--resource <location>', 'resource: orders-db/orders, or orders-db/* for a subtree')
    .option('--revocation-id <id>', 'revocation id')
    .optionsGroup('Options:');
}

/**
 * Parses the time range.
 *
 * @param now the base for durations, in milliseconds since the epoch
 * @returns milliseconds since the epoch; `undefined` for an option that is not given
 * @throws {Failure} if a time is invalid, or `--from` is later than `--to`
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
