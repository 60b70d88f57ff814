import type { JSONWebKeySet } from 'jose';
import type { AuditDigest } from '../../contract/audit-digest.ts';
import { sha256 } from './chain.ts';
import { checkChain, checkObject, type Finding } from './check-object.ts';
import { readDigest } from './digest.ts';
import { DIGESTS, dayPrefix, digestKey, EVENTS, firstEventAt, HOUR, LATEST } from './names.ts';
import type { ArchiveReader } from './ports.ts';

/**
 * How long after the last digest another one is overdue, in milliseconds: there is one each hour, some minutes after
 * the hour. docs/audit.md says so.
 */
const OVERDUE = HOUR + 15 * 60_000;

/** How long an event may be on its way into the archive without anything being amiss, in milliseconds. */
const ON_ITS_WAY = 5 * 60_000;

export interface VerifyArchiveInput {
  archive: ArchiveReader;
  /** The public keys of digests, from where the archive is not: who can change the one must not change the other. */
  jwks: JSONWebKeySet;
  /** Milliseconds; without it, from the first digest on. */
  from?: number;
  /** Milliseconds; also how far the digests have to reach, unless that is so late that the last may be yet to come. */
  to: number;
  /** Milliseconds. */
  now: number;
  /** Told each finding, as it is found. */
  found(finding: Finding): void;
}

/** What was looked at. */
export interface Verified {
  digests: number;
  objects: number;
  records: number;
  findings: number;
  /** What the digests that were looked at cover; absent: there are none. */
  covered?: { from: string; to: string };
  /**
   * Objects that no digest names yet, since they are newer than the last; or any more, since one is missing. Only their own
   * chain is looked at: nothing vouches for them.
   */
  uncovered: number;
}

/**
 * Verifies the archive: that each digest is signed and follows the one before, that each object is what its digest
 * says, and that there is no other; and of what no digest names yet, that its lines follow each other.
 *
 * It reads one object after another, and remembers the names of some days at most.
 */
export async function verifyArchive(input: VerifyArchiveInput): Promise<Verified> {
  const { archive, jwks, from = Number.NEGATIVE_INFINITY, to, now } = input;
  const result: Verified = { digests: 0, objects: 0, records: 0, findings: 0, uncovered: 0 };
  const found = (finding: Finding) => {
    result.findings += 1;
    input.found(finding);
  };
  const present = new PresentObjects(archive, from, to);
  let before: Link | undefined;
  let covered: { from: string; to: string } | undefined;

  for await (const key of archive.list(DIGESTS, dayBefore(DIGESTS, from))) {
    const content = await archive.get(key);
    const digest = content === undefined ? 'unsigned' : await readDigest(content, jwks);
    if (content === undefined || typeof digest === 'string') {
      found({
        kind: 'digest-unsigned',
        key,
        what: 'It is not signed by a key of the archive, or is not what was signed.',
      });
      before = { ...before, broken: true };
      continue;
    }
    const [start, end] = [Date.parse(digest.from), Date.parse(digest.to)];
    if (key !== digestKey(start)) {
      found({ kind: 'digest-added', key, what: `It is the digest ${digestKey(start)} under another name.` });
      continue;
    }
    if (start > to + LATEST) break;
    const within = end > from && start <= to;
    if (within) {
      const breach = await checkLink(key, digest, before, archive, from);
      breach.findings.forEach(found);
      if (breach.gap) present.gaps.push([(before?.to ?? start) - LATEST, start]);
    }
    before = { key, sha256: sha256(content), to: end };
    present.name(digest);
    if (!within) continue;
    covered = { from: covered?.from ?? digest.from, to: digest.to };
    result.digests += 1;
    for (const object of digest.objects) {
      const bytes = await archive.get(object.key);
      result.objects += 1;
      result.records += object.records;
      if (bytes === undefined) {
        found({ kind: 'object-removed', key: object.key, what: `The digest ${key} names it; it is not there.` });
      } else checkObject(object, bytes).forEach(found);
    }
    result.uncovered += await present.settleUntil(end - LATEST, before.to ?? 0, found);
  }

  const reach = before?.to;
  if (covered === undefined) found({ kind: 'digest-missing', key: DIGESTS, what: 'There is no digest of this time.' });
  else if (reach === undefined || reach < Math.min(to, now - OVERDUE)) {
    const what = `The last digest tells of the time until ${covered.to}; what came then is not vouched for.`;
    found({ kind: 'digest-missing', key: reach === undefined ? DIGESTS : digestKey(reach), what });
  }
  if (before?.broken) present.gaps.push([(reach ?? 0) - LATEST, Number.POSITIVE_INFINITY]);
  result.uncovered += await present.settleUntil(Number.POSITIVE_INFINITY, reach ?? Number.NEGATIVE_INFINITY, found);
  return { ...result, ...(covered && { covered }) };
}

/** What the next digest has to follow. `broken`: what lies between is no digest. */
interface Link {
  key?: string;
  sha256?: string;
  to?: number;
  broken?: boolean;
}

async function checkLink(
  key: string,
  digest: AuditDigest,
  before: Link | undefined,
  archive: ArchiveReader,
  from: number,
): Promise<{ findings: Finding[]; gap: boolean }> {
  const { previous } = digest;
  if (previous === null) {
    if (before === undefined) return { findings: [], gap: false };
    const what = 'It says that it is the first, and is not.';
    return { findings: [{ kind: 'digest-added', key, what }], gap: true };
  }
  if (before?.key === previous.key) {
    if (before.sha256 === previous.sha256) return { findings: [], gap: false };
    return { findings: [{ kind: 'digest-changed', key: previous.key, what: notTheOne(key) }], gap: false };
  }
  const content = await archive.get(previous.key);
  if (content === undefined) {
    return { findings: [{ kind: 'digest-missing', key: previous.key, what: `${key} follows it.` }], gap: true };
  }
  if (before?.broken) return { findings: [], gap: true };
  // The first that is looked at may follow one that is longer ago.
  if (before === undefined && from > Number.NEGATIVE_INFINITY && sha256(content) === previous.sha256) {
    return { findings: [], gap: false };
  }
  return { findings: [{ kind: 'digest-changed', key: previous.key, what: notTheOne(key) }], gap: true };
}

function notTheOne(key: string): string {
  return `It is not the one that ${key} follows.`;
}

/** The objects that there are, against those that are named. */
class PresentObjects {
  /** Times of which the digest is missing or wrong: begin and end. What is in no digest may have been in that. */
  readonly gaps: [number, number][] = [];
  private readonly named = new Set<string>();
  private readonly archive: ArchiveReader;
  private readonly names: AsyncIterator<string>;
  private readonly from: number;
  private readonly to: number;
  private next: Promise<IteratorResult<string>> | undefined;

  constructor(archive: ArchiveReader, from: number, to: number) {
    this.archive = archive;
    this.names = archive.list(EVENTS, dayBefore(EVENTS, from))[Symbol.asyncIterator]();
    this.from = from;
    this.to = to;
  }

  name({ objects }: AuditDigest): void {
    for (const { key } of objects) this.named.add(key);
  }

  /**
   * Settles the objects until a time: those that no digest read so far names, none will.
   *
   * @param reach where the last digest ends
   * @returns how many are not named that need not be
   */
  async settleUntil(time: number, reach: number, found: (finding: Finding) => void): Promise<number> {
    let uncovered = 0;
    for (;;) {
      this.next ??= this.names.next();
      const { value: key, done } = await this.next;
      if (done) return uncovered;
      const at = firstEventAt(key);
      if (at !== undefined && (at >= time || at > this.to)) return uncovered;
      this.next = undefined;
      if (this.named.delete(key)) continue;
      if (at === undefined) {
        found({ kind: 'object-added', key, what: 'The archive gives no such name.' });
      } else if (at >= this.from) {
        if (this.mayBeUnnamed(at, reach)) {
          uncovered += 1;
          checkChain(key, (await this.archive.get(key)) ?? new Uint8Array()).forEach(found);
        } else found({ kind: 'object-added', key, what: 'No digest names it: it was added, or archived late.' });
      }
    }
  }

  private mayBeUnnamed(at: number, reach: number): boolean {
    return at >= reach - ON_ITS_WAY || this.gaps.some(([begin, end]) => at >= begin && at < end);
  }
}

/** Before every name of the day of a time, and of the day before it; `undefined`: before every name. */
function dayBefore(root: string, time: number): string | undefined {
  return Number.isFinite(time) ? dayPrefix(root, time - 24 * HOUR) : undefined;
}
