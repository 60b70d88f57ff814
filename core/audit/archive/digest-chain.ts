import type { AuditDigest, NamedDigest } from '@tvm/contract/audit-digest.ts';
import type { JSONWebKeySet } from 'jose';
import { sha256 } from './chain.ts';
import type { Finding } from './check-object.ts';
import { type NoDigest, readDigest } from './digest.ts';
import { DIGESTS, digestKey } from './names.ts';
import type { ArchiveReader } from './ports.ts';

/** Maximum number of concurrent reads. Digests are small, and there are thousands. */
const CONCURRENCY = 32;

/**
 * Public keys that verify digests. Load them from outside the archive, so that nobody who can change the archive can
 * also replace the keys.
 */
export interface AuditKeys {
  /** Public keys for digests. */
  jwks: JSONWebKeySet;
  /** The only digest without `previous`. If this property is absent, a restarted chain is accepted. */
  firstDigest?: NamedDigest | undefined;
}

/** A verified digest: it is signed, has the right name, and belongs to the chain of the first digest. */
export interface VerifiedDigest {
  key: string;
  digest: AuditDigest;
  /** Start and end of the covered period, in milliseconds. */
  from: number;
  to: number;
}

/**
 * Reads all digests in chronological order and yields the verified ones.
 *
 * A digest whose `previous` is missing or different is still yielded, because its signature is valid; a finding reports
 * the error in the chain. A digest that restarts the chain is not yielded, and neither are the digests that follow it.
 *
 * @param found called for each error in the chain
 */
export async function* verifiedDigests(
  archive: ArchiveReader,
  { jwks, firstDigest }: AuditKeys,
  found: (finding: Finding) => void,
): AsyncGenerator<VerifiedDigest> {
  /** The last verified digest. */
  let last: NamedDigest | undefined;
  /**
   * Whether an unsigned object followed the last verified digest. It may have replaced the next digest's predecessor.
   */
  let unsigned = false;
  let restarted = false;
  /** Whether the first digest was found or reported as missing. */
  let firstSettled = false;

  for await (const { key, content, digest } of digestsIn(archive, jwks)) {
    firstSettled ||= key === firstDigest?.key;
    if (typeof digest === 'string') {
      const what = 'It has no valid signature by a key of the archive.';
      found({ kind: 'digest-unsigned', key, what });
      unsigned = true;
      continue;
    }
    const [from, to] = [Date.parse(digest.from), Date.parse(digest.to)];
    const self = { key, sha256: sha256(content) };
    if (key !== digestKey(from)) {
      found({ kind: 'digest-added', key, what: `It is the digest ${digestKey(from)} under another name.` });
      continue;
    }
    const problem = startProblem(self, digest.previous, firstDigest, last);
    if (problem !== undefined) {
      found(problem);
      restarted = true;
      continue;
    }
    const { previous } = digest;
    if (restarted && previous !== null && !same(previous, last) && !same(previous, firstDigest)) continue;
    restarted = false;
    if (previous !== null && !same(self, firstDigest)) {
      const kind = await linkProblem(previous, { last, unsigned, archive });
      if (kind !== undefined) found({ kind, key: previous.key, what: LINK_PROBLEMS[kind](key) });
      firstSettled ||= previous.key === firstDigest?.key;
    }
    last = self;
    unsigned = false;
    yield { key, digest, from, to };
  }
  if (firstDigest !== undefined && !firstSettled) {
    found({
      kind: 'digest-missing',
      key: firstDigest.key,
      what: 'It does not exist, but the key file names it as the first digest.',
    });
  }
}

/** Checks whether the chain may start or continue with a digest. Returns a finding if not. */
function startProblem(
  self: NamedDigest,
  previous: NamedDigest | null,
  firstDigest: NamedDigest | undefined,
  last: NamedDigest | undefined,
): Finding | undefined {
  const { key } = self;
  if (firstDigest === undefined) {
    if (previous !== null || last === undefined) return undefined;
    return { kind: 'digest-added', key, what: 'It restarts the chain: it names no previous digest, but there is one.' };
  }
  if (same(self, firstDigest)) return undefined;
  if (key === firstDigest.key) {
    return { kind: 'digest-changed', key, what: 'It is not the first digest that the key file names.' };
  }
  if (key < firstDigest.key) {
    return { kind: 'digest-added', key, what: 'It precedes the first digest that the key file names.' };
  }
  if (previous !== null) return undefined;
  const what = `It restarts the chain: the key file names ${firstDigest.key} as the first digest.`;
  return { kind: 'digest-added', key, what };
}

const LINK_PROBLEMS = {
  'digest-missing': (key: string) => `It does not exist, but ${key} follows it.`,
  'digest-changed': (key: string) => `It differs from the digest that ${key} follows.`,
};

/** Checks the predecessor of a digest. Returns `undefined` if it is valid or already reported. */
async function linkProblem(
  previous: NamedDigest,
  { last, unsigned, archive }: { last: NamedDigest | undefined; unsigned: boolean; archive: ArchiveReader },
): Promise<keyof typeof LINK_PROBLEMS | undefined> {
  if (previous.key === last?.key) return same(previous, last) ? undefined : 'digest-changed';
  const content = await archive.get(previous.key);
  if (content === undefined) return 'digest-missing';
  return unsigned ? undefined : 'digest-changed';
}

/** The reason why the first digest of an archive cannot be determined. */
export type NoFirstDigest = 'none' | 'unsigned' | 'not-first';

/** Finds the first digest in an archive. It must be signed and have no predecessor. */
export async function findFirstDigest(
  archive: ArchiveReader,
  jwks: JSONWebKeySet,
): Promise<NamedDigest | NoFirstDigest> {
  for await (const key of archive.list(DIGESTS)) {
    const content = await archive.get(key);
    const digest = content && (await readDigest(content, jwks));
    if (content === undefined || digest === undefined || typeof digest === 'string') return 'unsigned';
    if (digest.previous !== null || key !== digestKey(Date.parse(digest.from))) return 'not-first';
    return { key, sha256: sha256(content) };
  }
  return 'none';
}

function same(one: NamedDigest, other: NamedDigest | undefined): boolean {
  return one.key === other?.key && one.sha256 === other.sha256;
}

/** An object that may be a digest. */
interface Candidate {
  key: string;
  content: Uint8Array;
  digest: AuditDigest | NoDigest;
}

/** Reads all digests in the order of their names, with several concurrent reads ahead. */
async function* digestsIn(archive: ArchiveReader, jwks: JSONWebKeySet): AsyncGenerator<Candidate> {
  const candidate = async (key: string): Promise<Candidate> => {
    const content = (await archive.get(key)) ?? new Uint8Array();
    return { key, content, digest: await readDigest(content, jwks) };
  };
  const reading: Promise<Candidate>[] = [];
  for await (const key of archive.list(DIGESTS)) {
    const next = candidate(key);
    // The error is thrown when the caller reaches this digest. Until then, it must not be an unhandled rejection.
    next.catch(() => {});
    reading.push(next);
    if (reading.length === CONCURRENCY) yield (await reading.shift()) as Candidate;
  }
  for (const last of reading) yield await last;
}
