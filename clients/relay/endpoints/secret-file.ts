import { randomBytes } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { removeFile, removeLeftOvers, replaceFile } from '../files/atomic-file.ts';
import { codeOf, fileFault } from '../files/file-fault.ts';
import { difference } from '../files/file-state.ts';
import { FolderFailure, inFolder } from '../files/pinned-folder.ts';
import { type AccessSettings, accessOf, ownUser } from './access-of.ts';
import { EndpointFailure } from './endpoint-failure.ts';

/** 256 bits, so that the secret cannot be guessed at any request rate. */
const SECRET_BYTES = 32;

/** A secret in a file. Only readers of the file know it. */
export interface SecretFile {
  secret: string;
  /** Removes the file, unless it was replaced. */
  remove(): Promise<void>;
}

/**
 * Generates a new secret and writes it to its file: base64url without a newline, which AWS SDKs refuse in
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
          // A remaining file is harmless: no endpoint accepts its secret any more.
        });
      },
    };
  } catch (error) {
    if (error instanceof FolderFailure) throw new EndpointFailure(`${path}: ${error.message}`);
    if (codeOf(error) === undefined) throw error;
    throw new EndpointFailure(`${path}: ${fileFault(error)}`);
  }
}
