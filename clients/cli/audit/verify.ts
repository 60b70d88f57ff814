import { parseDuration } from '@tvm/contract/duration.ts';
import type { Finding } from '@tvm/core/audit/archive/check-object.ts';
import { type Verified, verifyArchive } from '@tvm/core/audit/archive/verify-archive.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import { printable } from '@tvm/terminal/printable.ts';
import { exitCodes } from '../connection/failure.ts';
import { openArchive } from './archive.ts';
import { auditKeys } from './keys.ts';
import { type AuditOptions, readSpan } from './options.ts';

/** The maximum number of findings in JSON output, which is written at the end. */
const MOST = 10_000;

export interface VerifyOptions extends AuditOptions {
  expectDigestWithin?: string;
}

/**
 * Verifies the archive and writes the findings.
 *
 * @throws {Failure} if an option is invalid, or the archive or the keys cannot be read
 */
export async function verify(options: VerifyOptions): Promise<void> {
  const now = Date.now();
  const { from, to = now } = readSpan(options, now);
  const expectDigestWithin = readExpectation(options.expectDigestWithin);
  const archive = await openArchive(options.archive, options);
  const keys = await auditKeys(options.keys, options);
  const findings: Finding[] = [];
  const found = (finding: Finding) => {
    if (options.output === 'text') process.stdout.write(`${describe(finding)}\n`);
    else if (findings.length < MOST) findings.push(finding);
  };
  const span = { ...(from !== undefined && { from }), to, now, expectDigestWithin };
  const result = await verifyArchive({ archive, ...keys, ...span, found });
  process.exitCode = result.findings > 0 || result.notJudged.length > 0 ? exitCodes.tampered : exitCodes.done;
  if (options.output === 'json') writeJson({ ...result, findings, count: result.findings });
  else process.stdout.write(`${summary(result)}\n`);
}

/** @returns milliseconds */
function readExpectation(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = parseDuration(text);
  if (seconds !== undefined) return seconds * 1000;
  throw usageFailure('--expect-digest-within must be a duration such as 70m', '--expect-digest-within');
}

/** Formats a finding as a line, such as `record-changed events/…/….ndjson:3 event 4f2c: It is not what was archived.` */
function describe({ kind, key, line, eventId, what }: Finding): string {
  const where = line === undefined ? key : `${key}:${line}`;
  return printable(`${kind} ${where}${eventId === undefined ? '' : ` event ${eventId}`}: ${what}`);
}

function summary({ digests, objects, records, findings, covered, uncovered, notJudged }: Verified): string {
  const clean = notJudged.length === 0 ? 'intact' : 'no findings, but verification is incomplete';
  const verdict = findings === 0 ? clean : counted(findings, 'finding');
  const what = `${counted(records, 'record')} in ${counted(objects, 'object')}, covered by ${counted(digests, 'digest')}`;
  const span = covered === undefined ? '' : `, from ${covered.from} to ${covered.to}`;
  const pending = uncovered === 0 ? [] : [`pending: ${counted(uncovered, 'object')} that no digest covers yet`];
  return [`${verdict}: ${what}${span}`, ...pending, ...notJudged.map((what) => `not verified: ${what}`)].join('\n');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
