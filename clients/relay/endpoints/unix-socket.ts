import { once } from 'node:events';
import { chmod, lchown, lstat, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { Access } from '../files/atomic-file.ts';
import { codeOf, fileFault } from '../files/file-fault.ts';
import { unsafeReason } from '../files/safe-folder.ts';
import { ownUser } from './access-of.ts';
import { EndpointFailure } from './endpoint-failure.ts';

/** The kernel's maximum length of a path in bytes, without the final NUL (unix(7)). */
const LONGEST_PATH = 107;

/** A umask that lets only the owner connect to a new socket, until its mode is set. */
const OWNER_ONLY = 0o177;

/**
 * Listens on a Unix socket. Only processes with write permission on the socket can connect (unix(7)), at any time.
 *
 * Replaces a stale socket of a killed agent. The socket is removed when the server closes.
 *
 * @throws {EndpointFailure}
 */
export async function listenOnSocket(server: Server, path: string, access: Access): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new EndpointFailure(`${path}: the path of a Unix socket may have at most ${LONGEST_PATH} bytes`);
  }
  const reason = await unsafeReason(dirname(path), ownUser());
  if (reason !== undefined) throw new EndpointFailure(`${path}: ${reason}`);
  try {
    await removeStale(path);
    await listen(server, path);
    await grant(path, access);
  } catch (error) {
    server.close();
    if (error instanceof EndpointFailure || codeOf(error) === undefined) throw error;
    throw new EndpointFailure(`${path}: ${socketFault(error)}`);
  }
}

/** Removes a socket that no process listens on. Only this user can write in the folder, so it cannot be swapped. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isSocket()) throw new EndpointFailure(`${path}: a file that is not a socket has this name`);
  if (await isAnswered(path)) throw new EndpointFailure(`${path}: another program listens on it`);
  await unlink(path);
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    // After any other error, such as a full queue (EAGAIN), a process may still listen.
    if (codeOf(error) === 'ECONNREFUSED') return false;
    throw error;
  } finally {
    socket.destroy();
  }
}

async function listen(server: Server, path: string): Promise<void> {
  // The socket is created before `listen` returns, so the umask affects no other file of this process.
  const usual = process.umask(OWNER_ONLY);
  try {
    server.listen({ path });
  } finally {
    process.umask(usual);
  }
  if (!server.listening) await once(server, 'listening');
}

/** Sets the owner last, because only the owner may change the mode. */
async function grant(path: string, { mode, uid, gid }: Access): Promise<void> {
  await lchown(path, ownUser(), gid);
  await chmod(path, mode);
  if (uid !== ownUser()) await lchown(path, uid, gid);
}

function socketFault(error: unknown): string {
  const code = codeOf(error);
  if (code === 'EADDRINUSE') return 'another program listens on it';
  if (code === 'EPERM')
    return 'this user may not change it to that owner or group (EPERM); does the unit have CAP_CHOWN?';
  return fileFault(error);
}
