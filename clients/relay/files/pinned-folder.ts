import { constants } from 'node:fs';
import { access, type FileHandle, open, statfs } from 'node:fs/promises';
import { walkTo } from './safe-folder.ts';

/** File systems that a power cut empties: statfs(2), TMPFS_MAGIC and RAMFS_MAGIC. */
const IN_MEMORY = new Set([0x01021994, 0x858458f6]);

/** Why a folder cannot be used. */
export class FolderFailure extends Error {
  override readonly name = 'FolderFailure';
  readonly isMissing: boolean;

  constructor(reason: string, isMissing = false) {
    super(reason);
    this.isMissing = isMissing;
  }
}

/** A folder that is held open: what happens to its path meanwhile leads no file astray. */
export interface PinnedFolder {
  /** The path by which the kernel reaches the folder itself, however it is called by now. */
  readonly path: string;
  /** Whether what is written there must be synced to outlive a power cut. */
  readonly isOnDisk: boolean;
  /** Makes the names in it outlive a power cut. */
  sync(): Promise<void>;
}

/**
 * Opens a folder that is safe to write in, for as long as `use` takes.
 *
 * @param uid the number of the user who writes
 * @throws {FolderFailure}
 */
export async function inFolder<T>(folder: string, uid: number, use: (pinned: PinnedFolder) => Promise<T>): Promise<T> {
  const walk = await walkTo(folder, uid);
  if ('reason' in walk) throw new FolderFailure(walk.reason, walk.missing);
  const handle = await open(walk.real, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { dev, ino } = await handle.stat({ bigint: true });
    if (dev !== walk.dev || ino !== walk.ino) throw new FolderFailure(`${folder} was replaced while it was looked at`);
    const path = await pathOf(handle, walk.real);
    const isOnDisk = !IN_MEMORY.has((await statfs(path)).type);
    return await use({ path, isOnDisk, sync: () => handle.sync() });
  } finally {
    await handle.close();
  }
}

/** Node has no openat(2); on Linux /proc stands for it (proc(5), /proc/pid/fd). */
async function pathOf({ fd }: FileHandle, real: string): Promise<string> {
  const pinned = `/proc/self/fd/${fd}`;
  return access(pinned).then(
    () => pinned,
    () => real,
  );
}
