import type { ArchivedObject } from '@tvm/contract/audit-digest.ts';
import { chainStart, eventIdIn, linesOf, nextChain, readLine, sha256 } from './chain.ts';
import { eventsKey, firstEventAt, LATEST, SKEW } from './names.ts';
import { readRecord } from './read-record.ts';

/** Something that is not as it was when it was archived. */
export interface Finding {
  kind:
    | 'object-changed'
    | 'object-removed'
    | 'object-added'
    | 'record-changed'
    | 'record-removed'
    | 'record-added'
    | 'record-out-of-place'
    | 'digest-missing'
    | 'digest-changed'
    | 'digest-added'
    | 'digest-unsigned';
  /** The object or digest. */
  key: string;
  /** The line, from 1. */
  line?: number;
  /** The id of the event in that line, as far as one can be read. */
  eventId?: string;
  /** What is wrong, in a sentence. */
  what: string;
}

/**
 * Compares an object with what its digest says of it, and names what differs.
 *
 * The hash of the whole tells whether it does. Where, the chain tells: each line fits behind one other alone.
 */
export function checkObject(named: ArchivedObject, content: Uint8Array): Finding[] {
  const { key } = named;
  const lines = linesOf(content);
  const found = checkLines(named, lines);
  if (found.length > 0) return found;
  if (sha256(content) !== named.sha256) {
    return [{ kind: 'object-changed', key, what: 'Its bytes are not those that the digest vouches for.' }];
  }
  // A digest vouches for what was there, whoever had put it there.
  return lines.flatMap((line, index): Finding[] =>
    readRecord(line) === undefined
      ? [{ kind: 'record-added', key, line: index + 1, ...withEventId(line), what: NO_RECORD }]
      : [],
  );
}

/**
 * Checks an object that no digest names yet: its own chain, and that name and records agree. That finds damage and careless
 * changes. Nothing finds an object that was rewritten carefully: only a digest can vouch for it.
 *
 * A record may be older than the object: a delayed sweep or a message moved back from a dead-letter queue makes such.
 *
 * @param now milliseconds
 */
export function checkPending(key: string, content: Uint8Array, now: number): Finding[] {
  const broken = checkChain(key, content);
  if (broken.length > 0) return broken;
  const at = firstEventAt(key) ?? Number.NaN;
  return linesOf(content).flatMap((line, index): Finding[] => {
    const record = readRecord(line);
    const report = (what: string): Finding[] => [
      { kind: 'object-added', key, line: index + 1, ...withEventId(line), what },
    ];
    if (record === undefined) return report(NO_RECORD);
    const time = Date.parse(record.time);
    if (index === 0 && eventsKey({ at, eventId: record.eventId }) !== key) {
      return report('The object is not named by its first event.');
    }
    if (time <= Math.min(at + LATEST, now) + SKEW) return [];
    return report('The event is later than an object of this name can hold.');
  });
}

const NO_RECORD = 'It is not a record of the archive.';

function checkChain(key: string, content: Uint8Array): Finding[] {
  const lines = linesOf(content);
  const links: Link[] = [{ chain: chainStart(key) }, ...lines.map((line) => readLine(line) ?? {})];
  if (lines.length === 0) return [{ kind: 'object-changed', key, what: 'It holds no line.' }];
  return links.slice(1).flatMap((line, index): Finding[] => {
    if (follows(links[index], line)) return [];
    const what = 'It does not follow the line before it: one of the two was changed, added, removed or moved.';
    return [{ kind: 'record-changed', key, line: index + 1, ...withEventId(lines[index]), what }];
  });
}

function checkLines({ key, records, firstChain, lastChain }: ArchivedObject, lines: readonly string[]): Finding[] {
  const found: Finding[] = [];
  const report = (index: number, kind: Finding['kind'], what: string) =>
    found.push({ kind, key, line: index + 1, ...withEventId(lines[index]), what });
  const links: Link[] = [{ chain: chainStart(key) }, ...lines.map((line) => readLine(line) ?? {})];
  const path = lines.length > records ? pathTo(lastChain, links) : undefined;
  for (const [index, line] of links.slice(1).entries()) {
    if (path !== undefined) {
      if (!path.has(index + 1)) report(index, 'record-added', 'The chain to the last line does not pass by it.');
    } else if (!follows(links[index], line)) {
      const behind = links.findIndex((other) => follows(other, line));
      if (behind > index) report(index, 'record-out-of-place', 'The line that it follows comes after it.');
      else if (behind < 0) report(index, ...unfit(lines.length - records));
    }
  }
  if (found.length > 0) return found;
  if (links.at(-1)?.chain === lastChain && links[1]?.chain === firstChain) return [];
  if (lines.length < records) {
    const what = `At its end, ${missing(records - lines.length)}.`;
    return [{ kind: 'record-removed', key, line: lines.length + 1, what }];
  }
  return [{ kind: 'object-changed', key, what: 'Its lines fit each other, but were chained anew.' }];
}

/** What a line is of the chain; nothing of it: it is no line of an archive. */
type Link = { body?: string; chain?: string };

function follows(before: Link | undefined, line: Link | undefined): boolean {
  return before?.chain !== undefined && line?.body !== undefined && nextChain(before.chain, line.body) === line.chain;
}

/**
 * The lines that lead from the start to a link, each by its place from 1; `undefined`: none do. Nobody can make another
 * way to the same link.
 */
function pathTo(end: string, links: readonly Link[]): Set<number> | undefined {
  const path = new Set<number>();
  const behind = (place: number) => {
    const line = links[place] ?? {};
    // As a rule it is the line before.
    if (leads(place - 1) && follows(links[place - 1], line)) return place - 1;
    return links.findIndex((other, index) => follows(other, line) && leads(index));
  };
  const leads = (place: number): boolean =>
    place === 0 || follows(links[place - 1], links[place]) || links.some((other) => follows(other, links[place]));
  let place = links.findIndex(({ chain }, index) => chain === end && leads(index));
  for (; place > 0; place = behind(place)) path.add(place);
  return place === 0 ? path : undefined;
}

/** What is the matter with a line that follows none. @param more how many lines there are too many */
function unfit(more: number): [kind: Finding['kind'], what: string] {
  if (more > 0) return ['record-added', 'It follows no line.'];
  if (more === 0) return ['record-changed', 'It, or the line before it, is not what was archived.'];
  return ['record-removed', `Before it, ${missing(-more)}; or it was changed too.`];
}

function missing(count: number): string {
  return count === 1 ? 'a line is missing' : `${count} lines are missing`;
}

function withEventId(line = ''): { eventId?: string } {
  const eventId = eventIdIn(line);
  return eventId === undefined ? {} : { eventId };
}
