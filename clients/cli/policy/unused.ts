import { parseDuration } from '@tvm/contract/duration.ts';
import { type UnusedGrant, useOfGrants } from '@tvm/gate/policies/records/unused.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { type OutputFormat, writeJson } from '@tvm/terminal/output.ts';
import { printable } from '@tvm/terminal/printable.ts';
import { exitCodes } from '../connection/failure.ts';
import { readRecords } from './records.ts';
import { readPolicyDirectory } from './source.ts';

/**
 * Writes the grants by which no token was vended of late.
 *
 * @param span how long, as in `90d`
 * @throws {Failure} when the span is none, or records or policies cannot be read
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
  // The bus may deliver an event twice.
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
      `no token was vended in the records of ${printable(records)}: they say nothing of what is unused\n`,
    );
  }
  if (future.size > 0) {
    const what = future.size === 1 ? '1 record is' : `${future.size} records are`;
    process.stderr.write(
      `${what} of a time that is still to come: what was used then counts as used; is a clock wrong?\n`,
    );
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
  out.write(`${grants.length} unused for ${span}; the records begin at ${earliest}\n`);
  if (Date.parse(earliest) > since) out.write(`they do not reach back ${span}: what is unused in them may be used\n`);
}

function describe({ grant, lastUsed }: UnusedGrant): string {
  const when = lastUsed === undefined ? 'in no record' : `last used ${lastUsed}`;
  const what =
    'policy' in grant
      ? `${grant.file}:${grant.line}: "${grant.policy}"`
      : `roles.yaml: role "${grant.role}", ${grant.action} ${grant.location}`;
  return printable(`${what} is unused: ${when}`);
}
