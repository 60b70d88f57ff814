import { type ChangedDecision, replayBy } from '@tvm/gate/policies/records/replay.ts';
import { type OutputFormat, writeJson } from '@tvm/terminal/output.ts';
import { printable } from '@tvm/terminal/printable.ts';
import { describeGrants } from '../connection/describe-grants.ts';
import { exitCodes } from '../connection/failure.ts';
import { readRecords } from './records.ts';
import { readPolicyDirectory } from './source.ts';

/**
 * Evaluates recorded decisions again and writes those that would change.
 *
 * @throws {Failure} if the records or the policies cannot be read
 */
export async function replay(records: string, directory: string, output: OutputFormat): Promise<void> {
  const { bundle } = await readPolicyDirectory(directory);
  const evaluate = replayBy(bundle);
  const changes: ChangedDecision[] = [];
  // EventBridge may deliver an event twice.
  const seen = new Set<string>();
  const assumed: Record<string, number> = {};
  let evaluated = 0;
  let skipped = 0;
  const broken = await readRecords(records, async (record) => {
    const { eventId } = record.detail;
    if (seen.has(eventId)) return;
    seen.add(eventId);
    const replayed = await evaluate(record);
    if (replayed.evaluated) evaluated++;
    else skipped++;
    for (const what of replayed.assumed) assumed[what] = (assumed[what] ?? 0) + 1;
    const { change } = replayed;
    if (change === undefined) return;
    changes.push(change);
    if (output === 'text') process.stdout.write(`${describe(change)}\n`);
  });
  const none = evaluated + skipped === 0;
  process.exitCode = broken > 0 || none ? exitCodes.usage : exitCodes.done;
  if (none)
    process.stderr.write(`${printable(records)} has no Token Issued or Token Denied event: nothing was evaluated\n`);
  if (output === 'json') {
    writeJson({ judged: evaluated, changed: changes, not_judged: skipped, assumed, broken });
    return;
  }
  process.stdout.write(`${evaluated} evaluated again, ${changes.length} would change\n`);
  if (skipped > 0) process.stdout.write(`${skipped} not evaluated: policy did not decide them\n`);
  for (const [what, count] of Object.entries(assumed)) {
    process.stdout.write(
      `${count} evaluated without ${what}, which the policies read but the records do not contain\n`,
    );
  }
  if (broken > 0)
    process.stdout.write(`${broken} ${broken === 1 ? 'line is not an audit event' : 'lines are not audit events'}\n`);
}

function describe({ time, tokenId, subject, role, authorizationDetails, was, now }: ChangedDecision): string {
  const what = role === undefined ? describeGrants(authorizationDetails).join('; ') : `role ${role}`;
  return printable(`${time} ${tokenId} ${subject} ${what}: was ${was}, ${now}`);
}
