import type { Stats } from 'node:fs';
import { constants, type FileHandle, open } from 'node:fs/promises';

/** Why a file is not read: the end of a sentence that begins with its path. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

const REASONS: Record<string, string> = {
  ENOENT: 'is not there',
  EACCES: 'may not be read by this user',
  ENOTDIR: 'is not there: a part of its path is no folder',
  ELOOP: 'is a link that leads nowhere',
};

/**
 * Reads a regular file, or the one that a link leads to, of UTF-8.
 *
 * @param most bytes; a larger one is refused before it is read
 * @param refusal looks at the open file: why it is refused, if it is
 * @throws {Unreadable}
 */
export async function readBounded(
  path: string,
  most: number,
  refusal: (stats: Stats) => string | undefined = () => undefined,
): Promise<string> {
  await using file = await opened(path);
  const stats = await file.stat();
  if (!stats.isFile()) throw new Unreadable('is not a regular file');
  const refused = refusal(stats);
  if (refused !== undefined) throw new Unreadable(refused);
  const tooLarge = new Unreadable(`is larger than ${most / 1_024} KiB`);
  if (stats.size > most) throw tooLarge;
  const bytes = await readAtMost(file, most + 1);
  // It may have grown since, and files of the kernel say 0.
  if (bytes.length > most) throw tooLarge;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Unreadable('is not UTF-8 text');
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    // Without waiting for the writer of a pipe.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new Unreadable(REASONS[code] ?? `cannot be read (${code})`);
  }
}

async function readAtMost(file: FileHandle, most: number): Promise<Buffer> {
  const buffer = Buffer.alloc(most);
  let length = 0;
  while (length < most) {
    const { bytesRead } = await file.read(buffer, length, most - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}
