import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Configuration } from '../config/configuration.ts';
import { unsafeReason } from '../files/safe-folder.ts';

const SOCKET = 'control.sock';

/** The folder of a system-wide agent, as its unit has it made. */
export const systemFolder = '/run/tokenrelay';

/** Where an agent's control socket is, and who may open it. */
export type ControlSettings = NonNullable<Configuration['control']>;

/**
 * Where an agent opens its control socket: as the configuration says, else in systemd's `$RUNTIME_DIRECTORY`, else in
 * `/run/tokenrelay` if that belongs to the agent's user, else in a folder made for it in `$XDG_RUNTIME_DIR`.
 *
 * @returns nothing where there is no such place
 */
export async function controlOfAgent(
  { control }: Pick<Configuration, 'control'>,
  env: NodeJS.ProcessEnv,
  folder = systemFolder,
): Promise<ControlSettings | undefined> {
  if (control !== undefined) return control;
  const ofUnit = runtimeDirectory(env);
  if (ofUnit !== undefined) return { socket: join(ofUnit, SOCKET) };
  if (await isOurs(folder)) return { socket: join(folder, SOCKET) };
  const ofUser = userFolder(env);
  if (ofUser === undefined) return undefined;
  await mkdir(ofUser, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return (await isOurs(ofUser)) ? { socket: join(ofUser, SOCKET) } : undefined;
}

/**
 * Where a command looks for the running agent, the likeliest place first. A command is seldom run inside the agent's
 * unit, so that the system-wide agent comes first.
 */
export function socketsOfClients(env: NodeJS.ProcessEnv, folder = systemFolder): [string, ...string[]] {
  const others = [runtimeDirectory(env), userFolder(env)].filter((other) => other !== undefined);
  return [join(folder, SOCKET), ...others.filter((other) => other !== folder).map((other) => join(other, SOCKET))];
}

/**
 * Those of these places that a command may ask: where only root and this user can have put a socket. What another user
 * put there could hand out tokens of its own, and so have programs work for whoever it likes. The first, which root alone
 * can make, is asked in any case.
 */
export async function trustedSockets([first, ...others]: readonly [string, ...string[]]): Promise<
  [string, ...string[]]
> {
  const reasons = await Promise.all(others.map((socket) => unsafeReason(dirname(socket), process.getuid?.() ?? 0)));
  return [first, ...others.filter((_, index) => reasons[index] === undefined)];
}

// Of a unit with several, systemd gives a list (systemd.exec(5), RuntimeDirectory=).
function runtimeDirectory({ RUNTIME_DIRECTORY }: NodeJS.ProcessEnv): string | undefined {
  return RUNTIME_DIRECTORY?.split(':')[0] || undefined;
}

function userFolder({ XDG_RUNTIME_DIR }: NodeJS.ProcessEnv): string | undefined {
  return XDG_RUNTIME_DIR ? join(XDG_RUNTIME_DIR, 'tokenrelay') : undefined;
}

// In a folder of another user, that user could put a socket of his own in the place of ours.
async function isOurs(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}
