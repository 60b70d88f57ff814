import type { NamedDigest } from '@tvm/contract/audit-digest.ts';
import { findFirstDigest, type NoFirstDigest } from '@tvm/core/audit/archive/digest-chain.ts';
import { Failure } from '@tvm/terminal/failure.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import { exitCodes } from '../connection/failure.ts';
import { openArchive } from './archive.ts';
import { auditKeys } from './keys.ts';
import type { ArchiveOptions } from './options.ts';

const PROBLEMS: Record<NoFirstDigest, string> = {
  none: 'the archive has no digest yet: the first one is created within an hour after deployment',
  unsigned: 'the first digest in the archive is not signed by these keys',
  'not-first': 'the first digest in the archive is not the original one: it names a previous digest, which is missing',
};

/**
 * Writes a key file with the public keys and the first digest of the archive.
 *
 * @throws {Failure} if the archive or the keys cannot be read, or the archive does not start with a first digest
 */
export async function writeKeyFile(options: ArchiveOptions): Promise<void> {
  const archive = await openArchive(options.archive, options);
  const { jwks, firstDigest } = await auditKeys(options.keys, options);
  const first = await findFirstDigest(archive, jwks);
  if (typeof first === 'string') {
    const exitCode = first === 'none' ? exitCodes.fault : exitCodes.tampered;
    throw new Failure(PROBLEMS[first], { code: 'no_first_digest', exitCode });
  }
  if (firstDigest !== undefined && !isSame(first, firstDigest)) {
    const sentence = `the first digest of the archive is ${first.key}, but --keys names another first digest: ${firstDigest.key}`;
    throw new Failure(sentence, { code: 'other_first_digest', exitCode: exitCodes.tampered, option: '--keys' });
  }
  writeJson({ ...jwks, first_digest: first });
}

function isSame(one: NamedDigest, other: NamedDigest): boolean {
  return one.key === other.key && one.sha256 === other.sha256;
}
