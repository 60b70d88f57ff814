import { lstat, readlink, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { unsafeReason } from '../files/safe-folder.ts';
import { privateGroup } from './private-group.ts';

/** The maximum number of links that Linux follows in one path (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Checks whether another user can change a configuration, and with it the commands that the agent runs. The file, each
 * link to it and every folder on the path must belong to root or to the agent's user, and no other user may have write
 * access.
 *
 * @param file the absolute path of the configuration
 * @param uid the numeric id of the agent's user
 * @param ownGroup the numeric id of the user's private group, if there is one. It may have write access
 * @returns the problem as a sentence that names the path, or undefined if only root and the agent can change the file
 */
export async function untrustedConfiguration(
  file: string,
  uid = process.geteuid?.() ?? 0,
  ownGroup?: number,
): Promise<string | undefined> {
  const group = ownGroup ?? (await privateGroup(uid));
  let at = file;
  try {
    for (let links = 0; links <= MOST_LINKS; links += 1) {
      const reason = await unsafeReason(dirname(at), uid, group);
      if (reason !== undefined) return reason;
      const entry = await lstat(at);
      if (entry.uid !== 0 && entry.uid !== uid) return `${at} belongs to user ${entry.uid}, who could change it`;
      if (!entry.isSymbolicLink()) {
        if ((entry.mode & (entry.gid === group ? 0o002 : 0o022)) === 0) return undefined;
        return `other users can write ${at}: remove write access (chmod go-w)`;
      }
      at = resolve(await realpath(dirname(at)), await readlink(at));
    }
    return `${file} leads through too many links`;
  } catch (error) {
    return `${at} cannot be checked (${(error as NodeJS.ErrnoException).code})`;
  }
}
