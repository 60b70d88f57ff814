import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import { codeOf } from './file-fault.ts';
import type { FileState } from './file-state.ts';
import type { PinnedFolder } from './pinned-folder.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** The access rights of a file: its mode, and the numeric ids of its owner and group. */
export interface Access {
  mode: number;
  uid: number;
  gid: number;
}

/**
 * Replaces a file atomically, or creates it. A reader sees either the old or the new file, never a partial file or one
 * with other permissions. A symbolic link with this name is replaced, not followed.
 *
 * @returns the state of the new file
 * @throws the error of the call that failed. The old file then remains, and no temporary file is left
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
  // Ignore an error: a power failure that loses the rename leaves the complete old file.
  if (folder.isOnDisk) await folder.sync().catch(() => {});
  try {
    return await file.stat({ bigint: true });
  } finally {
    await file.close();
  }
}

/**
 * Sets the access rights while the file is still empty. Sets the group first, while it has no permissions, and the
 * owner last, because only the owner can change the mode. No user ever has more access than requested.
 */
async function grant(file: FileHandle, { mode, uid, gid }: Access): Promise<void> {
  const made = await file.stat();
  if (made.gid !== gid) await file.chown(made.uid, gid);
  await file.chmod(mode);
  if (made.uid !== uid) await file.chown(uid, gid);
}

/**
 * Removes a file if it exists. A symbolic link is removed itself, not its target.
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
 * Removes temporary files that a killed process left next to a file, since they may contain a token.
 *
 * @param owners the numeric ids of the users whose files may be removed
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
