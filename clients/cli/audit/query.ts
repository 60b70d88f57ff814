import { once } from 'node:events';
import { location } from '@tvm/contract/authorization-details.ts';
import { isArn, parseSubject } from '@tvm/contract/subject.ts';
import { name, tokenId } from '@tvm/contract/text.ts';
import type { Finding } from '@tvm/core/audit/archive/check-object.ts';
import { type ReadEvent, readEvents } from '@tvm/core/audit/archive/read-events.ts';
import type { ArchivedRecord } from '@tvm/core/audit/archive/read-record.ts';
import { Failure } from '@tvm/terminal/failure.ts';
import { describeDuration } from '@tvm/terminal/output.ts';
import { printable } from '@tvm/terminal/printable.ts';
import * as z from 'zod';
import { describeGrants } from '../connection/describe-grants.ts';
import { exitCodes } from '../connection/failure.ts';
import { checkRequest, namedBy } from '../connection/name-option.ts';
import { openArchive } from './archive.ts';
import { auditKeys } from './keys.ts';
import { type EventOptions, readSpan } from './options.ts';

/** The number of events to sort at once. Events of the same moment are spread over several unordered objects. */
const SORT_WINDOW = 10_000;

/** The maximum number of findings in the error message. */
const NAMED = 5;

const filters = z.object({
  tokenId: tokenId.optional(),
  // A denial may be for a subject that can never get a token, such as the root user.
  subject: name
    .refine((text) => isArn(text) || parseSubject(text) !== undefined, {
      error: 'must be an ARN, or a federated subject such as github:repo:1296269',
    })
    .transform((text) => parseSubject(text)?.subject ?? text)
    .optional(),
  audience: name.optional(),
  resource: location.optional(),
  revocationId: name.optional(),
});
const nameOption = namedBy({
  tokenId: '--token-id',
  subject: '--subject',
  audience: '--audience',
  resource: '--resource',
  revocationId: '--revocation-id',
});

/**
 * Lists archived events, as a table or as one JSON object per line.
 *
 * @throws {Failure} for the same reasons as `selectEvents` and its `check`
 */
export async function query(options: EventOptions): Promise<void> {
  const { output } = options;
  const { events, check } = await selectEvents(options);
  let count = 0;
  let pending = 0;
  for await (const event of byTime(events)) {
    count += 1;
    if (event.class === 'pending') pending += 1;
    await writeLine(output === 'json' ? JSON.stringify({ ...event.record, class: event.class }) : describe(event));
  }
  if (output === 'text') {
    const marked = pending === 0 ? '' : `, ${pending} pending: no digest covers ${pending === 1 ? 'it' : 'them'} yet`;
    process.stderr.write(`${count || 'no'} event${count === 1 ? '' : 's'}${marked}\n`);
  }
  check();
}

/** The events that match the filters. */
export interface SelectedEvents {
  events: AsyncIterable<ReadEvent>;
  /**
   * Reports what was left out. Call it after all events were read.
   *
   * @throws {Failure} if objects were not shown or digests could not be verified; the message names them
   */
  check(): void;
}

/**
 * Selects events by the options, in the order of the archive.
 *
 * @throws {Failure} if an option is invalid, or the archive or the keys cannot be read
 */
export async function selectEvents(options: EventOptions): Promise<SelectedEvents> {
  const now = Date.now();
  const filter = { types: options.type, ...checkRequest(filters, options, nameOption), ...readSpan(options, now) };
  const archive = await openArchive(options.archive, options);
  const keys = await auditKeys(options.keys, options);
  const first: Finding[] = [];
  let count = 0;
  const found = (finding: Finding) => {
    count += 1;
    if (count <= NAMED) first.push(finding);
  };
  return {
    events: readEvents({ archive, keys, filter, now, found }),
    check() {
      if (count > 0) throw notShown(first, count);
    },
  };
}

function notShown(first: readonly Finding[], count: number): Failure {
  const named = first.map(({ kind, key, line }) => `${kind} ${key}${line === undefined ? '' : `:${line}`}`);
  const more = count > first.length ? ` and ${count - first.length} more` : '';
  const sentence = `some events are not shown: ${named.join(', ')}${more}; run tvm audit verify for details`;
  return new Failure(sentence, { code: 'not_as_archived', exitCode: exitCodes.tampered });
}

/** Sorts events by time. An event that was archived long after it happened keeps its position. */
async function* byTime(events: AsyncIterable<ReadEvent>): AsyncGenerator<ReadEvent> {
  let buffer: ReadEvent[] = [];
  const sort = () => buffer.sort((a, b) => Date.parse(a.record.time) - Date.parse(b.record.time));
  for await (const event of events) {
    buffer.push(event);
    if (buffer.length < SORT_WINDOW) continue;
    yield* sort().slice(0, SORT_WINDOW / 2);
    buffer = buffer.slice(SORT_WINDOW / 2);
  }
  yield* sort();
}

/** Writes a line, and waits if the reader is slower. */
export async function writeLine(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}

/** Formats an event as a line: time, type, token id, subject, details, and a mark if it is pending. */
function describe({ record, class: objectClass }: ReadEvent): string {
  const { time, detailType, tokenId, subject } = record;
  const columns: [text: unknown, width: number][] = [
    [time, 24],
    [detailType, 22],
    [tokenId ?? '-', 36],
    [subject ?? '-', 0],
    [detailsOf(record), 0],
    [objectClass === 'pending' ? '[pending]' : '', 0],
  ];
  return columns
    .map(([text, width]) => printable(String(text)).padEnd(width))
    .join('  ')
    .trimEnd();
}

function detailsOf({ authorizationDetails, action, location, ...more }: ArchivedRecord): string {
  const by = more.by ?? more.revokedBy;
  // In `Token Revoked`, `reason` is the reason of the token request.
  const reason = more.detailType === 'Token Revoked' ? more.revocationReason : more.reason;
  const changed = more.before !== undefined || more.after !== undefined;
  const facts = [
    Array.isArray(authorizationDetails) ? describeGrants(authorizationDetails).join('; ') : undefined,
    location && `${action} ${location}`,
    more.selector && `of ${describeSelector(more.selector)}`,
    more.denial ?? more.failure ?? more.result ?? more.outcome ?? more.what ?? more.problem,
    more.from && `from ${more.from}`,
    changed && `${[more.before].flat().join(' ') || 'none'} -> ${[more.after].flat().join(' ')}`,
    typeof more.revoked === 'number' && `${more.revoked} revoked`,
    typeof more.lifetime === 'number' && `at most ${describeDuration(more.lifetime)}`,
    more.until && `until ${more.until}`,
    more.revocationId && `revocation ${more.revocationId}`,
    by && `by ${by}`,
    reason && `«${reason}»`,
  ];
  return facts.filter(Boolean).join(', ');
}

/** Describes a selector, such as `subject arn:…, issuedBefore 2026-11-22T09:30:00Z`. */
function describeSelector(selector: object): string {
  return Object.entries(selector)
    .map(([member, value]) => (value === true ? member : `${member} ${value}`))
    .join(', ');
}
