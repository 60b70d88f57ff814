import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { groupId, userId } from '../files/accounts.ts';
import { type Access, removeFile, removeLeftOvers, replaceFile } from '../files/atomic-file.ts';
import { fileFault } from '../files/file-fault.ts';
import { difference, type FileState } from '../files/file-state.ts';
import { FolderFailure, inFolder, type PinnedFolder } from '../files/pinned-folder.ts';
import { type Output, OutputFailure, type Withdrawal } from '../model/output.ts';
import type { Token } from '../model/token.ts';
import type { FileOutputSettings } from '../settings/outputs.ts';
import type { LeaveOut } from './formats/format.ts';
import { render } from './render.ts';

/** Creates an output that writes a token to a file. @param token the name of the token */
export function fileOutputOf(settings: FileOutputSettings, token: string): Output {
  return new FileOutput(settings, token);
}

/** The last written content. */
interface Published {
  digest: string;
  state: FileState;
  /** Whether the file contains the expiry of the token. */
  saysItsEnd: boolean;
}

class FileOutput implements Output {
  readonly name: string;
  readonly #settings: FileOutputSettings;
  readonly #token: string;
  #published: Published | undefined;
  #isTidy = false;

  constructor(settings: FileOutputSettings, token: string) {
    this.name = `file ${settings.file_path}`;
    this.#settings = settings;
    this.#token = token;
  }

  async publish(token: Token, leaveOut: LeaveOut = () => {}): Promise<void> {
    await this.#try(async () => {
      const content = render(this.#settings, this.#token, token, leaveOut);
      const digest = createHash('sha256').update(content).digest('base64');
      if (this.#published?.digest === digest && (await this.problem()) === undefined) return;
      const saysItsEnd = this.#settings.format === 'json' && token.expiresAt !== undefined;
      this.#published = { digest, state: await this.#write(content), saysItsEnd };
    });
  }

  async problem(): Promise<string | undefined> {
    return this.#published && (await difference(this.#settings.file_path, this.#published.state));
  }

  async withdraw(why: Withdrawal): Promise<void> {
    const { at_expiry: atExpiry, remove_on_stop: removeOnStop } = this.#settings;
    if (why === 'stopped' && !removeOnStop) return;
    // Do not keep a revoked token: its expiry is in the future, so it would look fresh.
    if (why === 'expired' && atExpiry === 'keep' && this.#published?.saysItsEnd) return;
    await this.#try(async () => {
      const isEmptied = (why === 'expired' || why === 'revoked') && atExpiry === 'empty';
      // A full disk may have no space for an empty file. Removing the token's file needs none.
      if (isEmptied) await this.#write('').catch(() => this.#remove());
      else await this.#remove();
      this.#published = undefined;
    });
  }

  async #write(content: string): Promise<FileState> {
    const access = await this.#access();
    return await this.#inFolder(async (folder, name) => {
      await this.#tidy(folder, name);
      return await replaceFile(folder, name, content, access);
    });
  }

  async #remove(): Promise<void> {
    try {
      await this.#inFolder(async (folder, name) => {
        await this.#tidy(folder, name);
        await removeFile(folder, name);
      });
    } catch (error) {
      if (!(error instanceof FolderFailure && error.isMissing)) throw error;
    }
  }

  #inFolder<T>(use: (folder: PinnedFolder, name: string) => Promise<T>): Promise<T> {
    const { file_path: path } = this.#settings;
    return inFolder(dirname(path), ownUser(), (folder) => use(folder, basename(path)));
  }

  /** Removes temporary files of a killed process. Runs once, since only an earlier process can have left them. */
  async #tidy(folder: PinnedFolder, name: string): Promise<void> {
    if (this.#isTidy) return;
    const owner = await userId(this.#settings.owner ?? ownUser());
    await removeLeftOvers(folder, name, [ownUser(), ...(owner === undefined ? [] : [owner])]);
    this.#isTidy = true;
  }

  /** Resolves the access rights. Sets the group explicitly, because a setgid folder would set its own group. */
  async #access(): Promise<Access> {
    const { permissions = 0o600, owner = ownUser(), group = process.getegid?.() ?? 0 } = this.#settings;
    const uid = await userId(owner);
    if (uid === undefined) throw new OutputFailure(`${this.name}: there is no user ${owner} on this machine`);
    const gid = await groupId(group);
    if (gid === undefined) throw new OutputFailure(`${this.name}: there is no group ${group} on this machine`);
    return { mode: permissions, uid, gid };
  }

  /** @throws {OutputFailure} */
  async #try(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (error instanceof OutputFailure) throw error;
      throw new OutputFailure(`${this.name}: ${error instanceof FolderFailure ? error.message : fileFault(error)}`);
    }
  }
}

function ownUser(): number {
  return process.geteuid?.() ?? 0;
}
