import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { endianness } from 'node:os';
import { createInterface } from 'node:readline';
import type { Connection } from './exchange.ts';

/** `TCP_ESTABLISHED` (include/net/tcp_states.h). In later states, the kernel may report 0 for an orphaned socket. */
const ESTABLISHED = '01';

/** The id that the kernel reports for users without an id in this user namespace (/proc/sys/kernel/overflowuid). */
const UNMAPPED_USER = 65_534;

/** The uid_map of a user namespace that contains every user: `0 0 4294967295`. */
const WHOLE_MAP = /^\s*0\s+0\s+4294967295\s*$/;

/**
 * Returns the user who opened a local TCP connection: the owner of the socket at the other end, as the kernel lists it
 * (docs.kernel.org/networking/proc_net_tcp.html; the columns are those of `get_tcp4_sock` and `get_tcp6_sock`).
 *
 * Both addresses and both ports must match the connection. While this end is open, the kernel does not assign them to
 * another connection, so no other row can match.
 *
 * @param proc the proc folder of a process. `/proc/net` itself is hidden by `ProcSubset=pid`
 * @returns undefined if the user is unknown. The caller must then be refused
 */
export async function callerUid(connection: Connection, proc = '/proc/self'): Promise<number | undefined> {
  const { localAddress, localPort, remoteAddress, remotePort } = connection;
  if (!localAddress || !localPort || !remoteAddress || !remotePort) return undefined;
  const [caller, here] = [bytesOf(remoteAddress), bytesOf(localAddress)];
  const ends = `${hexOf(caller)}:${portHex(remotePort)} ${hexOf(here)}:${portHex(localPort)}`;
  const owners = await ownersOf(`${proc}/net/tcp6`, ends);
  if (isMapped(caller) && isMapped(here)) {
    // IPv4 connections are in the tcp list. A client with an IPv6 socket that connects to 127.0.0.1 is in tcp6.
    const short = `${hexOf(caller.subarray(12))}:${portHex(remotePort)} ${hexOf(here.subarray(12))}:${portHex(localPort)}`;
    for (const owner of await ownersOf(`${proc}/net/tcp`, short)) owners.add(owner);
  }
  const [owner] = owners;
  if (owner === undefined || owners.size > 1) return undefined;
  return owner === UNMAPPED_USER && !(await seesAllUsers(proc)) ? undefined : owner;
}

/** Reads the list line by line, since a machine may have a hundred thousand connections. */
async function ownersOf(list: string, ends: string): Promise<Set<number>> {
  const owners = new Set<number>();
  try {
    for await (const line of createInterface({ input: createReadStream(list, 'latin1') })) {
      const [, local, remote, state, , , , uid = '', , inode] = line.trim().split(/\s+/);
      if (`${local} ${remote}` !== ends || state !== ESTABLISHED || inode === '0') continue;
      if (/^\d{1,10}$/.test(uid)) owners.add(Number(uid));
    }
  } catch {
    // Without the list, no owner is found.
  }
  return owners;
}

async function seesAllUsers(proc: string): Promise<boolean> {
  return WHOLE_MAP.test(await readFile(`${proc}/uid_map`, 'utf8').catch(() => ''));
}

/** Returns the 16 bytes of an IPv6 address, or of an IPv4-mapped address (RFC 4291, section 2.5.5.2). */
function bytesOf(address: string): Buffer {
  const short = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (isIPv4(short)) return Buffer.from([...Array(10).fill(0), 255, 255, ...short.split('.').map(Number)]);
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => text.split(':').filter(Boolean);
  const after = groups(tail ?? '');
  const missing = Math.max(0, 8 - groups(head).length - after.length);
  const all = [...groups(head), ...Array<string>(missing).fill('0'), ...after];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function isMapped(bytes: Buffer): boolean {
  return bytes.subarray(0, 12).equals(bytesOf('0.0.0.0').subarray(0, 12));
}

/** Formats an address like the kernel, which prints each 32 bits in the machine's byte order. */
function hexOf(bytes: Buffer): string {
  const inOrder = Buffer.from(bytes);
  if (endianness() === 'LE') inOrder.swap32();
  return inOrder.toString('hex').toUpperCase();
}

function portHex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}
