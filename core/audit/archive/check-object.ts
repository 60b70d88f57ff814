import type { ArchivedObject } from '@tvm/contract/audit-digest.ts';
import { chainStart, eventIdIn, linesOf, nextChain, readLine, sha256 } from './chain.ts';
import { eventsKey, firstEventAt, LATEST, SKEW } from './names.ts';
import { readRecord } from './read-record.ts';

/** A difference between an archive and its original content. */
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
  /** Name of the object or digest. */
  key: string;
  /** Line number, from 1. */
  line?: number;
  /** ID of the event in that line, if it can be read. */
  eventId?: string;
  /** A description of one sentence. */
  what: string;
}

/**
 * Compares an object with its entry in a digest, and returns the differences.
 *
 * The hash of the object shows whether the object changed. The chain shows where, because each line can follow only one
 * other line.
 */
export function checkObject(named: ArchivedObject, content: Uint8Array): Finding[] {
  const { key } = named;
  const lines = linesOf(content);
  const found = checkLines(named, lines);
  if (found.length > 0) return found;
  if (sha256(content) !== named.sha256) {
    return [{ kind: 'object-changed', key, what: 'Its bytes differ from those that the digest covers.' }];
  }
  // A digest covers every object that existed, even one that the archiver did not write.
  return lines.flatMap((line, index): Finding[] =>
    readRecord(line) === undefined
      ? [{ kind: 'record-added', key, line: index + 1, ...withEventId(line), what: NO_RECORD }]
      : [],
  );
}

/**
 * Checks an object that no digest covers yet: its chain, and whether its name matches its records. This finds damage
 * and careless changes. Only a digest can reveal an object that was rewritten with a valid chain.
 *
 * A record may be older than the object, because of a delayed sweep or a message redriven from a dead-letter queue.
 *
 * @param now current time in milliseconds since the epoch
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
      return report('The name of the object does not match its first event.');
    }
    if (time <= Math.min(at + LATEST, now) + SKEW) return [];
    return report('The event is later than an object with this name can contain.');
  });
}

const NO_RECORD = 'It is not a valid record.';

function checkChain(key: string, content: Uint8Array): Finding[] {
  const lines = linesOf(content);
  const links: Link[] = [{ chain: chainStart(key) }, ...lines.map((line) => readLine(line) ?? {})];
  if (lines.length === 0) return [{ kind: 'object-changed', key, what: 'It has no lines.' }];
  return links.slice(1).flatMap((line, index): Finding[] => {
    if (follows(links[index], line)) return [];
    const what = 'It does not follow the previous line: one of the two was changed, added, removed or moved.';
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
      if (!path.has(index + 1)) report(index, 'record-added', 'The chain to the last line does not include it.');
    } else if (!follows(links[index], line)) {
      const predecessor = links.findIndex((other) => follows(other, line));
      if (predecessor > index) report(index, 'record-out-of-place', 'It precedes the line that it should follow.');
      else if (predecessor < 0) report(index, ...unfit(lines.length - records));
    }
  }
  if (found.length > 0) return found;
  if (links.at(-1)?.chain === lastChain && links[1]?.chain === firstChain) return [];
  if (lines.length < records) {
    const what = `At the end of the object, ${missing(records - lines.length)}.`;
    return [{ kind: 'record-removed', key, line: lines.length + 1, what }];
  }
  return [{ kind: 'object-changed', key, what: 'Its chain is valid but was recomputed.' }];
}

/** A line as a link of the chain. Empty if the line is not a valid line of the archive. */
type Link = { body?: string; chain?: string };

function follows(before: Link | undefined, line: Link | undefined): boolean {
  return before?.chain !== undefined && line?.body !== undefined && nextChain(before.chain, line.body) === line.chain;
}

/**
 * The numbers (from 1) of the lines that lead from the start to a link, or `undefined` if there is no path. Because of
 * the hashes, nobody can construct a second path to the same link.
 */
function pathTo(end: string, links: readonly Link[]): Set<number> | undefined {
  const path = new Set<number>();
  const predecessor = (index: number) => {
    const line = links[index] ?? {};
    // Usually, it is the previous line.
    if (leads(index - 1) && follows(links[index - 1], line)) return index - 1;
    return links.findIndex((other, index) => follows(other, line) && leads(index));
  };
  const leads = (index: number): boolean =>
    index === 0 || follows(links[index - 1], links[index]) || links.some((other) => follows(other, links[index]));
  let index = links.findIndex(({ chain }, index) => chain === end && leads(index));
  for (; index > 0; index = predecessor(index)) path.add(index);
  return index === 0 ? path : undefined;
}

/** Describes a line that does not follow any line. @param more number of surplus lines */
function unfit(more: number): [kind: Finding['kind'], what: string] {
  if (more > 0) return ['record-added', 'It does not follow any line.'];
  if (more === 0) return ['record-changed', 'It or the previous line was changed.'];
  return ['record-removed', `Before it, ${missing(-more)}, or it was changed too.`];
}

function missing(count: number): string {
  return count === 1 ? 'a line is missing' : `${count} lines are missing`;
}

function withEventId(line = ''): { eventId?: string } {
  const eventId = eventIdIn(line);
  return eventId === undefined ? {} : { eventId };
}
