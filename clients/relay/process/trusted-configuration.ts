import { lstat, readlink, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { unsafeReason } from '../files/safe-folder.ts';
import { privateGroup } from './private-group.ts';

/** As many links as Linux follows in one path (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Who else can change a configuration, and with it the commands that the agent runs. The file, each link to it and
 * every folder on the way must belong to root or to the agent's user, and nobody else may write them.
 *
 * @param file the configuration, an absolute path
 * @param uid the number of the agent's user
 * @param ownGroup the number of the group that this user is alone in, if there is one: what it may write is no other's
 * @returns what is wrong, as a sentence that names the path; nothing when only root and the agent can change it
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
        return `other users may write ${at}: it must not be writable by group or others (chmod go-w)`;
      }
      at = resolve(await realpath(dirname(at)), await readlink(at));
    }
    return `${file} leads through too many links`;
  } catch (error) {
    return `${at} cannot be looked at (${(error as NodeJS.ErrnoException).code})`;
  }
}
