import { randomBytes } from 'node:crypto';
import { chown, link, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { usageFailure } from '@tvm/terminal/failure.ts';

const REASONS: Record<string, string> = {
  EEXIST: 'already exists; use --force to replace it',
  ENOENT: 'cannot be written: its folder does not exist',
  ENOTDIR: 'cannot be written: part of its path is not a folder',
  EACCES: 'may not be written by this user',
  EPERM: 'may not be written by this user',
  EROFS: 'is on a read-only file system',
  EISDIR: 'is a folder',
};

/**
 * Writes a file atomically, with mode 0640. Gives it the group of its folder if this user may, so that the agent can
 * read a file that root writes.
 *
 * @param path an absolute path
 * @param replace whether to replace an existing file. A symbolic link is replaced itself, not its target
 * @throws {Failure}
 */
export async function writeFirstConfiguration(path: string, text: string, replace: boolean): Promise<void> {
  const folder = dirname(path);
  const beside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const { gid } = await stat(folder);
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.chmod(0o640);
      await file.sync();
    } finally {
      await file.close();
    }
    // Without permission to change it, the file keeps the group of this user.
    await chown(beside, process.geteuid?.() ?? 0, gid).catch(() => {});
    // Unlike a rename, a link never replaces an existing file.
    await (replace ? rename(beside, path) : link(beside, path));
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const help =
      code === 'ENOENT' ? `; create it with install -d -m 0750 ${folder}, or choose another with --file` : '';
    throw usageFailure(`${path} ${REASONS[code] ?? `cannot be written (${code})`}${help}`, '--file');
  } finally {
    await unlink(beside).catch(() => {});
  }
}
