import type { AuditDigest, NamedDigest } from '@tvm/contract/audit-digest.ts';
import type { JSONWebKeySet } from 'jose';
import { sha256 } from './chain.ts';
import type { Finding } from './check-object.ts';
import { type NoDigest, readDigest } from './digest.ts';
import { DIGESTS, digestKey } from './names.ts';
import type { ArchiveReader } from './ports.ts';

/** Digests that are read at the same time: each is small, and there are thousands. */
const AT_ONCE = 32;

/** What digests are verified with. It must come from outside the archive: whoever can change one must not change both. */
export interface AuditKeys {
  /** The public keys of digests. */
  jwks: JSONWebKeySet;
  /** The only digest that may have no `previous`. Without it, a restarted chain is accepted. */
  firstDigest?: NamedDigest | undefined;
}

/** A digest that is verified: signed, under its own name, and of the chain that the first digest begins. */
export interface VerifiedDigest {
  key: string;
  digest: AuditDigest;
  /** Milliseconds. */
  from: number;
  to: number;
}

/**
 * Reads all digests in the order of time and yields the verified ones.
 *
 * A digest whose `previous` is missing or differs is still yielded: its signature is good, and the finding says what
 * is wrong before it. A digest that restarts the chain is not, nor is any that follows it.
 *
 * @param found is told each fault of the chain
 */
export async function* verifiedDigests(
  archive: ArchiveReader,
  { jwks, firstDigest }: AuditKeys,
  found: (finding: Finding) => void,
): AsyncGenerator<VerifiedDigest> {
  /** The last verified digest. */
  let last: NamedDigest | undefined;
  /** Since then, there was something that is not signed: it may be in the place of the digest that the next one follows. */
  let unsigned = false;
  let restarted = false;
  /** Whether the first digest is there, or a finding says that it is not. */
  let firstSettled = false;

  for await (const { key, content, digest } of digestsIn(archive, jwks)) {
    firstSettled ||= key === firstDigest?.key;
    if (typeof digest === 'string') {
      const what = 'It is not signed by a key of the archive, or is not what was signed.';
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
    const fault = faultOfStart(self, digest.previous, firstDigest, last);
    if (fault !== undefined) {
      found(fault);
      restarted = true;
      continue;
    }
    const { previous } = digest;
    if (restarted && previous !== null && !same(previous, last) && !same(previous, firstDigest)) continue;
    restarted = false;
    if (previous !== null && !same(self, firstDigest)) {
      const kind = await faultOfLink(previous, { last, unsigned, archive });
      if (kind !== undefined) found({ kind, key: previous.key, what: LINK_FAULTS[kind](key) });
      firstSettled ||= previous.key === firstDigest?.key;
    }
    last = self;
    unsigned = false;
    yield { key, digest, from, to };
  }
  if (firstDigest !== undefined && !firstSettled) {
    found({ kind: 'digest-missing', key: firstDigest.key, what: 'The key file names it as the first digest.' });
  }
}

/** Why the chain may not start or pass here; `undefined` when it may. */
function faultOfStart(
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
    return { kind: 'digest-added', key, what: 'It is before the first digest that the key file names.' };
  }
  if (previous !== null) return undefined;
  const what = `It restarts the chain: the key file names ${firstDigest.key} as the first digest.`;
  return { kind: 'digest-added', key, what };
}

const LINK_FAULTS = {
  'digest-missing': (key: string) => `${key} follows it.`,
  'digest-changed': (key: string) => `It is not the one that ${key} follows.`,
};

/** What is wrong with the digest that another one follows; `undefined` when nothing is, or it is a finding already. */
async function faultOfLink(
  previous: NamedDigest,
  { last, unsigned, archive }: { last: NamedDigest | undefined; unsigned: boolean; archive: ArchiveReader },
): Promise<keyof typeof LINK_FAULTS | undefined> {
  if (previous.key === last?.key) return same(previous, last) ? undefined : 'digest-changed';
  const content = await archive.get(previous.key);
  if (content === undefined) return 'digest-missing';
  return unsigned ? undefined : 'digest-changed';
}

/** Why the first digest of an archive cannot be named. */
export type NoFirstDigest = 'none' | 'unsigned' | 'not-first';

/** The first digest in an archive, if it is signed and names no previous one. */
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

/** What there is under the name of a digest. */
interface Candidate {
  key: string;
  content: Uint8Array;
  digest: AuditDigest | NoDigest;
}

/** All digests, in the order of their names; the next ones are read and verified meanwhile. */
async function* digestsIn(archive: ArchiveReader, jwks: JSONWebKeySet): AsyncGenerator<Candidate> {
  const candidate = async (key: string): Promise<Candidate> => {
    const content = (await archive.get(key)) ?? new Uint8Array();
    return { key, content, digest: await readDigest(content, jwks) };
  };
  const reading: Promise<Candidate>[] = [];
  for await (const key of archive.list(DIGESTS)) {
    const next = candidate(key);
    // A failure is thrown when its turn comes. Until then, and if the reader stops before, it is not an unhandled one.
    next.catch(() => {});
    reading.push(next);
    if (reading.length === AT_ONCE) yield (await reading.shift()) as Candidate;
  }
  for (const last of reading) yield await last;
}
