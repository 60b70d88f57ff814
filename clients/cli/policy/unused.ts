import { parseDuration } from '@tvm/contract/duration.ts';
import { type UnusedGrant, useOfGrants } from '@tvm/gate/policies/records/unused.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { type OutputFormat, writeJson } from '@tvm/terminal/output.ts';
import { printable } from '@tvm/terminal/printable.ts';
import { exitCodes } from '../connection/failure.ts';
import { readRecords } from './records.ts';
import { readPolicyDirectory } from './source.ts';

/**
 * Writes the grants that no recently issued token has used.
 *
 * @param span the time without use, such as `90d`
 * @throws {Failure} if the span is invalid, or the records or policies cannot be read
 */
export async function unused(records: string, span: string, directory: string, output: OutputFormat): Promise<void> {
  const seconds = parseDuration(span);
  if (seconds === undefined) {
    throw usageFailure(`--since ${JSON.stringify(span)} must be a duration such as 90d`, '--since');
  }
  const { bundle } = await readPolicyDirectory(directory);
  const use = useOfGrants(bundle);
  const now = Date.now();
  const since = now - seconds * 1000;
  // EventBridge may deliver an event twice.
  const future = new Set<string>();
  const broken = await readRecords(records, (record) => {
    if (record.kind !== 'issued') return;
    use.add(record);
    if (Date.parse(record.detail.time) > now) future.add(record.detail.eventId);
  });
  const earliest = use.earliest();
  const grants = earliest === undefined ? [] : use.unusedSince(since);
  process.exitCode = broken > 0 || earliest === undefined ? exitCodes.usage : exitCodes.done;
  if (earliest === undefined) {
    process.stderr.write(
      `the records in ${printable(records)} have no issued token, so they do not show which grants are unused\n`,
    );
  }
  if (future.size > 0) {
    const what = future.size === 1 ? '1 record is' : `${future.size} records are`;
    process.stderr.write(`${what} dated in the future and counted as use; check the system clock\n`);
  }
  if (output === 'json') {
    writeJson({
      since: new Date(since).toISOString(),
      records_from: earliest ?? null,
      unused: grants,
      in_future: future.size,
      broken,
    });
    return;
  }
  const out = process.stdout;
  if (earliest === undefined) return;
  for (const grant of grants) out.write(`${describe(grant)}\n`);
  out.write(`${grants.length} unused for ${span}; the records start at ${earliest}\n`);
  if (Date.parse(earliest) > since)
    out.write(`the records do not reach back ${span}, so these grants may have been used before\n`);
}

function describe({ grant, lastUsed }: UnusedGrant): string {
  const when = lastUsed === undefined ? 'not in any record' : `last used ${lastUsed}`;
  const what =
    'policy' in grant
      ? `${grant.file}:${grant.line}: "${grant.policy}"`
      : `roles.yaml: role "${grant.role}", ${grant.action} ${grant.location}`;
  return printable(`${what} is unused: ${when}`);
}
