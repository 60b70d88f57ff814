import { randomBytes } from 'node:crypto';
import { chown, link, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { usageFailure } from '@tvm/terminal/failure.ts';

const REASONS: Record<string, string> = {
  EEXIST: 'is there already; --force replaces it',
  ENOENT: 'cannot be written, as its folder is not there',
  ENOTDIR: 'cannot be written, as its folder is none',
  EACCES: 'may not be written by this user',
  EPERM: 'may not be written by this user',
  EROFS: 'is on a file system that is read-only',
  EISDIR: 'is a folder',
};

/**
 * Writes a file whole: mode 0640, with the group of its folder where this user may give it that, so that the agent
 * reads what root writes.
 *
 * @param path absolute
 * @param replace also what is there already, a link itself and not what it leads to
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
    // Without the right to do so it keeps the group of this user.
    await chown(beside, process.geteuid?.() ?? 0, gid).catch(() => {});
    // Unlike a rename, a link never takes the place of what is there.
    await (replace ? rename(beside, path) : link(beside, path));
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const help = code === 'ENOENT' ? `; make it with install -d -m 0750 ${folder}, or name another by --file` : '';
    throw usageFailure(`${path} ${REASONS[code] ?? `cannot be written (${code})`}${help}`, '--file');
  } finally {
    await unlink(beside).catch(() => {});
  }
}
