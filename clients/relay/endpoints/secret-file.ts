import { randomBytes } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { removeFile, removeLeftOvers, replaceFile } from '../files/atomic-file.ts';
import { codeOf, fileFault } from '../files/file-fault.ts';
import { difference } from '../files/file-state.ts';
import { FolderFailure, inFolder } from '../files/pinned-folder.ts';
import { type AccessSettings, accessOf, ownUser } from './access-of.ts';
import { EndpointFailure } from './endpoint-failure.ts';

/** 256 bits: nobody guesses it, however many requests a second are answered. */
const SECRET_BYTES = 32;

/** A secret that only readers of its file know. */
export interface SecretFile {
  secret: string;
  /** Removes the file, unless somebody put another in its place. */
  remove(): Promise<void>;
}

/**
 * Makes a new secret and writes it to its file: base64url, without a line end, as SDKs of AWS refuse one in
 * `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`.
 *
 * @throws {EndpointFailure}
 */
export async function writeSecretFile(settings: AccessSettings & { path: string }): Promise<SecretFile> {
  const { path } = settings;
  const name = basename(path);
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const access = await accessOf(settings, path);
  try {
    const state = await inFolder(dirname(path), ownUser(), async (folder) => {
      await removeLeftOvers(folder, name, [ownUser(), access.uid]);
      return await replaceFile(folder, name, secret, access);
    });
    return {
      secret,
      async remove() {
        if ((await difference(path, state)) !== undefined) return;
        await inFolder(dirname(path), ownUser(), (folder) => removeFile(folder, name)).catch(() => {
          // A secret that no endpoint takes any more is worth nothing to whoever finds it.
        });
      },
    };
  } catch (error) {
    if (error instanceof FolderFailure) throw new EndpointFailure(`${path}: ${error.message}`);
    if (codeOf(error) === undefined) throw error;
    throw new EndpointFailure(`${path}: ${fileFault(error)}`);
  }
}
