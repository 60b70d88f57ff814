import { once } from 'node:events';
import * as z from 'zod';
import { location } from '../../contract/authorization-details.ts';
import { parseWorkloadArn } from '../../contract/subject.ts';
import { name, tokenId } from '../../contract/text.ts';
import { type ArchivedRecord, archivedEvents } from '../../core/audit-archive/read-events.ts';
import { openArchive } from './audit-archive.ts';
import { type EventOptions, readSpan } from './audit-options.ts';
import { checkRequest, namedBy } from './options.ts';
import { describeDuration, describeGrants } from './output.ts';
import { printable } from './printable.ts';

/** How many events are put in order at once. Those of one moment are in several objects, which are not in order. */
const MOMENT = 10_000;

const asked = z.object({
  tokenId: tokenId.optional(),
  // Denials may be of whom no token is for: the root user, say.
  subject: name
    .startsWith('arn:', { error: 'must be an ARN' })
    .transform((arn) => parseWorkloadArn(arn)?.subject ?? arn)
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

/** Lists events of the archive: a table for a person, or an event a line as JSON. */
export async function query(options: EventOptions): Promise<void> {
  const { output } = options;
  let count = 0;
  for await (const event of byTime(selectedEvents(options))) {
    count += 1;
    await writeLine(output === 'json' ? JSON.stringify(event) : describe(event));
  }
  if (output === 'text') process.stderr.write(`${count || 'no'} event${count === 1 ? '' : 's'}\n`);
}

/**
 * The events that the options ask for, in the order of the archive.
 *
 * @throws {Failure} naming the option that is wrong, or saying that the archive cannot be read
 */
export async function* selectedEvents(options: EventOptions): AsyncGenerator<ArchivedRecord> {
  const filter = { types: options.type, ...checkRequest(asked, options, nameOption), ...readSpan(options, Date.now()) };
  yield* archivedEvents(await openArchive(options.archive, options), filter);
}

/** Events by their own time. One that was archived long after it happened stays where it is. */
async function* byTime(events: AsyncIterable<ArchivedRecord>): AsyncGenerator<ArchivedRecord> {
  let held: ArchivedRecord[] = [];
  const sort = () => held.sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
  for await (const event of events) {
    held.push(event);
    if (held.length < MOMENT) continue;
    yield* sort().slice(0, MOMENT / 2);
    held = held.slice(MOMENT / 2);
  }
  yield* sort();
}

/** Writes a line, and waits when whoever reads is slower. */
export async function writeLine(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}

/** An event on one line: when, what, which token, whose, and what there is besides. */
function describe(event: ArchivedRecord): string {
  const { time, detailType, tokenId, subject } = event;
  const columns: [text: unknown, width: number][] = [
    [time, 24],
    [detailType, 22],
    [tokenId ?? '-', 36],
    [subject ?? '-', 0],
    [besides(event), 0],
  ];
  return columns
    .map(([text, width]) => printable(String(text)).padEnd(width))
    .join('  ')
    .trimEnd();
}

function besides({ authorizationDetails, action, location, ...more }: ArchivedRecord): string {
  const by = more.by ?? more.revokedBy;
  // Of a revoked token, `reason` is why it was asked for.
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

/** What a revocation picks out, such as `subject arn:…, issuedBefore 2026-11-22T09:30:00Z`. */
function describeSelector(selector: object): string {
  return Object.entries(selector)
    .map(([member, value]) => (value === true ? member : `${member} ${value}`))
    .join(', ');
}
