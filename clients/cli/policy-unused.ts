import { parseDuration } from '../../contract/duration.ts';
import { type UnusedGrant, useOfGrants } from '../../gate/policies/records/unused.ts';
import { exitCodes, usageFailure } from './failure.ts';
import { type OutputFormat, writeJson } from './output.ts';
import { readRecords } from './policy-records.ts';
import { readPolicyDirectory } from './policy-source.ts';
import { printable } from './printable.ts';

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
  const broken = await readRecords(records, (record) => {
    if (record.kind === 'issued') use.add(record);
  });
  const since = Date.now() - seconds * 1000;
  const earliest = use.earliest();
  const grants = earliest === undefined ? [] : use.unusedSince(since);
  process.exitCode = broken > 0 || earliest === undefined ? exitCodes.usage : exitCodes.done;
  if (output === 'json') {
    writeJson({ since: new Date(since).toISOString(), records_from: earliest ?? null, unused: grants, broken });
    return;
  }
  const out = process.stdout;
  if (earliest === undefined) {
    process.stderr.write('no token was vended in these records: they say nothing of what is unused\n');
    return;
  }
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
