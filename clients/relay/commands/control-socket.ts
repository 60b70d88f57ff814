import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Configuration } from '../config/configuration.ts';
import { unsafeReason } from '../files/safe-folder.ts';

const SOCKET = 'control.sock';

/** The runtime folder of a system-wide agent. Its systemd unit creates it. */
export const systemFolder = '/run/tokenrelay';

/** The path and the permissions of an agent's control socket. */
export type ControlSettings = NonNullable<Configuration['control']>;

/**
 * Returns where an agent opens its control socket: at the configured path, else in systemd's `$RUNTIME_DIRECTORY`, else
 * in `/run/tokenrelay` if the agent's user owns that folder, else in a folder that it creates in `$XDG_RUNTIME_DIR`.
 *
 * @returns undefined if none of these folders is usable
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
 * Returns the sockets on which a command looks for the running agent, the likeliest first. The system-wide agent comes
 * first because a command seldom runs inside the agent's unit.
 */
export function socketsOfClients(env: NodeJS.ProcessEnv, folder = systemFolder): [string, ...string[]] {
  const others = [runtimeDirectory(env), userFolder(env)].filter((other) => other !== undefined);
  return [join(folder, SOCKET), ...others.filter((other) => other !== folder).map((other) => join(other, SOCKET))];
}

/**
 * Returns the sockets that a command may trust: those in folders where only root and this user can create a socket.
 * Another user's socket could return that user's own tokens, so that programs would act under a foreign identity. The
 * first socket is always trusted, because only root can create it.
 */
export async function trustedSockets([first, ...others]: readonly [string, ...string[]]): Promise<
  [string, ...string[]]
> {
  const reasons = await Promise.all(others.map((socket) => unsafeReason(dirname(socket), process.getuid?.() ?? 0)));
  return [first, ...others.filter((_, index) => reasons[index] === undefined)];
}

// If a unit has several runtime directories, systemd sets a list (systemd.exec(5), RuntimeDirectory=).
function runtimeDirectory({ RUNTIME_DIRECTORY }: NodeJS.ProcessEnv): string | undefined {
  return RUNTIME_DIRECTORY?.split(':')[0] || undefined;
}

function userFolder({ XDG_RUNTIME_DIR }: NodeJS.ProcessEnv): string | undefined {
  return XDG_RUNTIME_DIR ? join(XDG_RUNTIME_DIR, 'tokenrelay') : undefined;
}

// In another user's folder, that user could replace our socket.
async function isOurs(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}
