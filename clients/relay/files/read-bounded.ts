import type { Stats } from 'node:fs';
import { constants, type FileHandle, open } from 'node:fs/promises';

/** A file that cannot be read. The message is a clause whose subject is the path. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

const REASONS: Record<string, string> = {
  ENOENT: 'does not exist',
  EACCES: 'cannot be read by this user',
  ENOTDIR: 'does not exist: part of its path is not a folder',
  ELOOP: 'is a link loop',
};

/**
 * Reads a regular UTF-8 file. Follows symbolic links.
 *
 * @param most the maximum size in bytes. A larger file is refused before it is read
 * @param refusal returns why the open file must be refused, or undefined
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
  // The file may have grown since, and files of the kernel report size 0.
  if (bytes.length > most) throw tooLarge;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Unreadable('is not UTF-8 text');
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    // Non-blocking, so that opening a pipe does not wait for a writer.
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
