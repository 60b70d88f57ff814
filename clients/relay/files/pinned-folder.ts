import { constants } from 'node:fs';
import { access, type FileHandle, open, statfs } from 'node:fs/promises';
import { walkTo } from './safe-folder.ts';

/** File systems that do not survive a power failure: TMPFS_MAGIC and RAMFS_MAGIC of statfs(2). */
const IN_MEMORY = new Set([0x01021994, 0x858458f6]);

/** A folder that is not usable. */
export class FolderFailure extends Error {
  override readonly name = 'FolderFailure';
  readonly isMissing: boolean;

  constructor(reason: string, isMissing = false) {
    super(reason);
    this.isMissing = isMissing;
  }
}

/** A folder that is held open, so that a change to its path cannot redirect a file operation. */
export interface PinnedFolder {
  /** A path that leads to the open folder, even if the folder was renamed. */
  readonly path: string;
  /** Whether files in the folder need a sync to survive a power failure. */
  readonly isOnDisk: boolean;
  /** Makes changed names in the folder survive a power failure. */
  sync(): Promise<void>;
}

/**
 * Opens a folder while `use` runs. The folder must be safe to write in.
 *
 * @param uid the numeric id of the user who writes
 * @throws {FolderFailure}
 */
export async function inFolder<T>(folder: string, uid: number, use: (pinned: PinnedFolder) => Promise<T>): Promise<T> {
  const walk = await walkTo(folder, uid);
  if ('reason' in walk) throw new FolderFailure(walk.reason, walk.missing);
  const handle = await open(walk.real, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { dev, ino } = await handle.stat({ bigint: true });
    if (dev !== walk.dev || ino !== walk.ino)
      throw new FolderFailure(`${folder} was replaced while it was being opened`);
    const path = await pathOf(handle, walk.real);
    const isOnDisk = !IN_MEMORY.has((await statfs(path)).type);
    return await use({ path, isOnDisk, sync: () => handle.sync() });
  } finally {
    await handle.close();
  }
}

/** Returns a path that replaces openat(2), which Node lacks: on Linux, /proc/self/fd (proc(5)). */
async function pathOf({ fd }: FileHandle, real: string): Promise<string> {
  const pinned = `/proc/self/fd/${fd}`;
  return access(pinned).then(
    () => pinned,
    () => real,
  );
}
