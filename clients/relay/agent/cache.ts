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
import { keyOf, SealFailure, seal, unseal } from './seal.ts';

/** Bytes. */
const MOST = 32 * 1_024 * 1_024;
const MODE = 0o600;
/** Milliseconds by which a token may have been fetched in the future: more, and the clock or the file is wrong. */
const CLOCK_MAY_DIFFER = 60_000;

const content = z.array(
  z.object({
    name: z.string(),
    /** Of the settings that it was fetched by. */
    digest: z.string(),
    token: z.object({
      values: z.record(z.string(), z.string()),
      fetchedAt: z.number(),
      expiresAt: z.number().optional(),
      handle: z.record(z.string(), z.string()).optional(),
    }),
  }),
);

/** A token, and the settings that it was fetched by. */
export interface Cached {
  settings: TokenSettings;
  token: Token;
}

/** Where the last good tokens are kept over a restart, encrypted. */
export interface Cache {
  /**
   * The tokens whose source is asked for what it was asked then; some may have ended meanwhile. None where there is no
   * file yet.
   *
   * @throws {SealFailure} when there are none that can be read: a sentence’s end
   */
  read(tokens: readonly TokenSettings[]): Promise<Map<string, Token>>;
  /** @throws {SealFailure} likewise */
  write(tokens: readonly Cached[]): Promise<void>;
}

/** @param secret reads the key, each time anew */
export function cacheAt(
  settings: NonNullable<Configuration['cache']>,
  { clock, secret }: { clock: Clock; secret(reference: SecretReference): Promise<string> },
): Cache {
  const { path } = settings;
  // What is sealed for one path and version says nothing in the place of another.
  const bound = `tokenrelay cache 1\n${path}`;

  async function key(): Promise<Buffer> {
    const reference = secretOf(settings, 'key');
    if (reference === undefined) throw new SealFailure('there is no key for it');
    if ('token' in reference) throw new SealFailure('its key must not be a token: there is none before it is read');
    return keyOf(await secret(reference));
  }

  return {
    async read(tokens) {
      if (await isMissing(path)) return new Map();
      const sealed = await readBounded(path, MOST).catch(rethrown);
      const cached = content.safeParse(JSON.parse(unseal(await key().catch(rethrown), bound, sealed)));
      if (!cached.success) throw new SealFailure('what it holds is of no use');
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
      const sealed = seal(await key().catch(rethrown), bound, JSON.stringify(entries));
      const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
      await inFolder(dirname(path), uid, (folder) =>
        replaceFile(folder, basename(path), sealed, { mode: MODE, uid, gid }),
      ).catch(rethrown);
    },
  };
}

/** Before the first token is written, nothing is wrong. */
async function isMissing(path: string): Promise<boolean> {
  return await access(path).then(
    () => false,
    ({ code }: NodeJS.ErrnoException) => code === 'ENOENT',
  );
}

/** What a source is asked for, in short: a token that was got otherwise is not this one. */
function digestOf({ type, source }: TokenSettings): string {
  return createHash('sha256')
    .update(JSON.stringify([type, source]))
    .digest('base64url');
}

function rethrown(error: unknown): never {
  if (error instanceof SealFailure) throw error;
  const { name, message, code } = error as NodeJS.ErrnoException;
  const isKnown = error instanceof Unreadable || error instanceof SourceFailure || name === 'FolderFailure';
  throw new SealFailure(isKnown ? message : `it cannot be used (${code ?? name})`);
}
