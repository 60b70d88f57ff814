import type { Finding } from '../../core/audit-archive/check-object.ts';
import { type Verified, verifyArchive } from '../../core/audit-archive/verify-archive.ts';
import { openArchive } from './audit-archive.ts';
import { auditKeys } from './audit-keys.ts';
import { type AuditOptions, readSpan } from './audit-options.ts';
import { exitCodes } from './failure.ts';
import { writeJson } from './output.ts';
import { printable } from './printable.ts';

/** The most findings that are kept for JSON, which is written at the end. */
const MOST = 10_000;

/**
 * Verifies the archive, and writes what is found.
 *
 * @throws {Failure} when archive or keys cannot be read
 */
export async function verify(options: AuditOptions & { keys?: string }): Promise<void> {
  const now = Date.now();
  const { from, to = now } = readSpan(options, now);
  const archive = await openArchive(options.archive, options);
  const jwks = await auditKeys(options.keys, options);
  const findings: Finding[] = [];
  const found = (finding: Finding) => {
    if (options.output === 'text') process.stdout.write(`${describe(finding)}\n`);
    else if (findings.length < MOST) findings.push(finding);
  };
  const result = await verifyArchive({ archive, jwks, ...(from !== undefined && { from }), to, now, found });
  process.exitCode = result.findings > 0 ? exitCodes.tampered : exitCodes.done;
  if (options.output === 'json') writeJson({ ...result, findings, count: result.findings });
  else process.stdout.write(`${summary(result)}\n`);
}

/** A finding on one line, such as `record-changed events/…/….ndjson:3 event 4f2c: It is not what was archived.` */
function describe({ kind, key, line, eventId, what }: Finding): string {
  const place = line === undefined ? key : `${key}:${line}`;
  return printable(`${kind} ${place}${eventId === undefined ? '' : ` event ${eventId}`}: ${what}`);
}

function summary({ digests, objects, records, findings, covered, uncovered }: Verified): string {
  const verdict = findings === 0 ? 'as it was archived' : counted(findings, 'finding');
  const what = `${counted(records, 'record')} in ${counted(objects, 'object')}, by ${counted(digests, 'digest')}`;
  const span = covered === undefined ? '' : `, from ${covered.from} to ${covered.to}`;
  const open = uncovered === 0 ? '' : `\n${counted(uncovered, 'object')} that no digest vouches for yet`;
  return `${verdict}: ${what}${span}${open}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
