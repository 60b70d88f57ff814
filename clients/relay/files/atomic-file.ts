import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import { codeOf } from './file-fault.ts';
import type { FileState } from './file-state.ts';
import type { PinnedFolder } from './pinned-folder.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** Who may do what with a file: permissions as `chmod` has them, and the numbers of its user and group. */
export interface Access {
  mode: number;
  uid: number;
  gid: number;
}

/**
 * Puts a file in place of the one of this name, if any, at once and whole: who opens the name finds the old file or the
 * new one, never a part of either nor one with other permissions. A link of this name is replaced, not followed.
 *
 * @returns how the file was left
 * @throws the error of the call that failed; the file of before is then still there, and nothing else is
 */
export async function replaceFile(
  folder: PinnedFolder,
  name: string,
  content: string,
  access: Access,
): Promise<FileState> {
  const temporary = `${folder.path}/.${name}.tokenrelay-${randomBytes(8).toString('hex')}`;
  const file = await open(temporary, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
  try {
    await grant(file, access);
    await file.writeFile(content);
    if (folder.isOnDisk) await file.sync();
    await rename(temporary, `${folder.path}/${name}`);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    await file.close().catch(() => {});
    throw error;
  }
  // A power cut that loses only the new name brings the file of before back, whole: no reason to call this a failure.
  if (folder.isOnDisk) await folder.sync().catch(() => {});
  try {
    return await file.stat({ bigint: true });
  } finally {
    await file.close();
  }
}

/**
 * Before anything is in the file. The group comes first, while it may do nothing yet, and the user last, as only the
 * owner may change a mode: so at no moment may anybody do more than was asked for.
 */
async function grant(file: FileHandle, { mode, uid, gid }: Access): Promise<void> {
  const made = await file.stat();
  if (made.gid !== gid) await file.chown(made.uid, gid);
  await file.chmod(mode);
  if (made.uid !== uid) await file.chown(uid, gid);
}

/**
 * Removes what stands under this name, a link itself and not what it leads to; nothing there is fine.
 *
 * @throws the error of the call that failed
 */
export async function removeFile(folder: PinnedFolder, name: string): Promise<void> {
  try {
    await unlink(`${folder.path}/${name}`);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if (folder.isOnDisk) await folder.sync().catch(() => {});
}

/**
 * Removes what a run that was killed left beside a file: a token may be in it.
 *
 * @param owners the numbers of the users who may own such a file; what anybody else put there stays
 */
export async function removeLeftOvers(folder: PinnedFolder, name: string, owners: readonly number[]): Promise<void> {
  const start = `.${name}.tokenrelay-`;
  for (const entry of await readdir(folder.path)) {
    if (!entry.startsWith(start) || !/^[0-9a-f]{16}$/.test(entry.slice(start.length))) continue;
    const path = `${folder.path}/${entry}`;
    const found = await lstat(path).catch(() => undefined);
    if (found?.isFile() && owners.includes(found.uid)) await unlink(path).catch(() => {});
  }
}
