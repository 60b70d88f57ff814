import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import * as z from 'zod';
import type { Configuration, TokenSettings } from '../config/configuration.ts';
import { replaceFile } from '../files/atomic-file.ts';
import { inFolder } from '../files/pinned-folder.ts';
import { readBounded, Unreadable } from '../files/read-bounded.ts';
import type { Clock } from '../model/clock.ts';
import { SourceFailure } from '../model/source.ts';
import type { Token } from '../model/token.ts';
import { type SecretReference, secretOf } from '../settings/secret-reference.ts';
import { decrypt, EncryptionFailure, encrypt, keyOf } from './encryption.ts';

/** The maximum size of the file, in bytes. */
const MOST = 32 * 1_024 * 1_024;
const MODE = 0o600;
/** Maximum time in milliseconds by which `fetchedAt` may be in the future. Beyond it, the clock or file is wrong. */
const CLOCK_MAY_DIFFER = 60_000;

const content = z.array(
  z.object({
    name: z.string(),
    /** The digest of the settings that the token was fetched with. */
    digest: z.string(),
    token: z.object({
      values: z.record(z.string(), z.string()),
      fetchedAt: z.number(),
      expiresAt: z.number().optional(),
      handle: z.record(z.string(), z.string()).optional(),
    }),
  }),
);

/** A token, and the settings that it was fetched with. */
export interface Cached {
  settings: TokenSettings;
  token: Token;
}

/** An encrypted file with the last tokens, for use after a restart. */
export interface Cache {
  /**
   * Returns the cached tokens whose source settings have not changed. Some may have expired. Empty if the file does not
   * exist.
   *
   * @throws {EncryptionFailure} if the file cannot be read. Its message is a clause
   */
  read(tokens: readonly TokenSettings[]): Promise<Map<string, Token>>;
  /** Writes the tokens. @throws {EncryptionFailure} */
  write(tokens: readonly Cached[]): Promise<void>;
}

/** @param secret reads the key. Called for each read and write */
export function cacheAt(
  settings: NonNullable<Configuration['cache']>,
  { clock, secret }: { clock: Clock; secret(reference: SecretReference): Promise<string> },
): Cache {
  const { path } = settings;
  // Additional authenticated data: a cache cannot be used at another path or with another format version.
  const bound = `tokenrelay cache 1\n${path}`;

  async function key(): Promise<Buffer> {
    const reference = secretOf(settings, 'key');
    if (reference === undefined) throw new EncryptionFailure('it has no key');
    if ('token' in reference)
      throw new EncryptionFailure('its key must not be a token: the cache is read before any token is fetched');
    return keyOf(await secret(reference));
  }

  return {
    async read(tokens) {
      if (await isMissing(path)) return new Map();
      const encrypted = await readBounded(path, MOST).catch(rethrown);
      const cached = content.safeParse(JSON.parse(decrypt(await key().catch(rethrown), bound, encrypted)));
      if (!cached.success) throw new EncryptionFailure('its content is invalid');
      const digests = new Map(tokens.map((one) => [one.name, digestOf(one)]));
      const now = clock.now();
      return new Map(
        cached.data
          .filter(({ name, digest }) => digests.get(name) === digest)
          .filter(({ token }) => token.fetchedAt <= now + CLOCK_MAY_DIFFER)
          .map(({ name, token }) => [name, token as Token]),
      );
    },

    async write(tokens) {
      const entries = tokens.map(({ settings, token }) => ({ name: settings.name, digest: digestOf(settings), token }));
      const encrypted = encrypt(await key().catch(rethrown), bound, JSON.stringify(entries));
      const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
      await inFolder(dirname(path), uid, (folder) =>
        replaceFile(folder, basename(path), encrypted, { mode: MODE, uid, gid }),
      ).catch(rethrown);
    },
  };
}

/** Reports whether the file does not exist, which is normal before the first write. */
async function isMissing(path: string): Promise<boolean> {
  return await access(path).then(
    () => false,
    ({ code }: NodeJS.ErrnoException) => code === 'ENOENT',
  );
}

/** Returns a digest of the source settings. A cached token is used only if its digest matches. */
function digestOf({ type, source }: TokenSettings): string {
  return createHash('sha256')
    .update(JSON.stringify([type, source]))
    .digest('base64url');
}

function rethrown(error: unknown): never {
  if (error instanceof EncryptionFailure) throw error;
  const { name, message, code } = error as NodeJS.ErrnoException;
  const isKnown = error instanceof Unreadable || error instanceof SourceFailure || name === 'FolderFailure';
  throw new EncryptionFailure(isKnown ? message : `it cannot be used (${code ?? name})`);
}
