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

/** What the kernel has room for in bytes, without the NUL at the end (unix(7)). */
const LONGEST_PATH = 107;

/** Lets nobody but the user who makes a socket connect to it, until its mode is set. */
const OWNER_ONLY = 0o177;

/**
 * Listens on a Unix socket. Whoever may write to the socket may connect (unix(7)); at no moment may anybody else.
 *
 * The socket that an agent left behind that was killed is replaced. It goes when the server closes.
 *
 * @throws {EndpointFailure}
 */
export async function listenOnSocket(server: Server, path: string, access: Access): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new EndpointFailure(`${path}: the path of a Unix socket may be ${LONGEST_PATH} bytes long at most`);
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

/** Only a socket of this user that nobody listens on. In a folder that only this user writes in, it stays the same one. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isSocket()) throw new EndpointFailure(`${path}: there is something that is no socket in its place`);
  if (await isAnswered(path)) throw new EndpointFailure(`${path}: another program listens there`);
  await unlink(path);
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    // Any other error leaves open who listens: a queue that is full (EAGAIN), say.
    if (codeOf(error) === 'ECONNREFUSED') return false;
    throw error;
  } finally {
    socket.destroy();
  }
}

async function listen(server: Server, path: string): Promise<void> {
  // The socket is made before `listen` returns, so that no other file of this process gets this mask.
  const usual = process.umask(OWNER_ONLY);
  try {
    server.listen({ path });
  } finally {
    process.umask(usual);
  }
  if (!server.listening) await once(server, 'listening');
}

/** The owner last: only the owner may change the mode. */
async function grant(path: string, { mode, uid, gid }: Access): Promise<void> {
  await lchown(path, ownUser(), gid);
  await chmod(path, mode);
  if (uid !== ownUser()) await lchown(path, uid, gid);
}

function socketFault(error: unknown): string {
  const code = codeOf(error);
  if (code === 'EADDRINUSE') return 'another program listens there';
  if (code === 'EPERM')
    return 'this user may not give it to that owner or group (EPERM); does the unit have CAP_CHOWN?';
  return fileFault(error);
}
