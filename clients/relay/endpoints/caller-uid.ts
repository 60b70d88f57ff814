import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { endianness } from 'node:os';
import { createInterface } from 'node:readline';
import type { Connection } from './exchange.ts';

/** `TCP_ESTABLISHED` (include/net/tcp_states.h). In later states the kernel may tell 0 for a socket that nobody owns. */
const ESTABLISHED = '01';

/** What the kernel tells for users that have no number in this user namespace (/proc/sys/kernel/overflowuid). */
const UNMAPPED_USER = 65_534;

/** What the map of a user namespace says that has every user: `0 0 4294967295`. */
const WHOLE_MAP = /^\s*0\s+0\s+4294967295\s*$/;

/**
 * The user who opened a TCP connection on this machine: the owner of the socket at its other end, as the kernel lists it
 * (docs.kernel.org/networking/proc_net_tcp.html; the columns are those of `get_tcp4_sock` and `get_tcp6_sock`).
 *
 * Both addresses and both ports must be those of this very connection. While this end is open the kernel gives them to
 * no other, so that nobody's row can take the place of the caller's.
 *
 * @param proc where the kernel says it; not `/proc/net`, which `ProcSubset=pid` hides
 * @returns nothing when that cannot be told: then nobody is to be trusted
 */
export async function callerUid(connection: Connection, proc = '/proc/self'): Promise<number | undefined> {
  const { localAddress, localPort, remoteAddress, remotePort } = connection;
  if (!localAddress || !localPort || !remoteAddress || !remotePort) return undefined;
  const [caller, here] = [bytesOf(remoteAddress), bytesOf(localAddress)];
  const ends = `${hexOf(caller)}:${portHex(remotePort)} ${hexOf(here)}:${portHex(localPort)}`;
  const owners = await ownersOf(`${proc}/net/tcp6`, ends);
  if (isMapped(caller) && isMapped(here)) {
    // A client with an IPv6 socket may connect to 127.0.0.1 too, and is then in the other list.
    const short = `${hexOf(caller.subarray(12))}:${portHex(remotePort)} ${hexOf(here.subarray(12))}:${portHex(localPort)}`;
    for (const owner of await ownersOf(`${proc}/net/tcp`, short)) owners.add(owner);
  }
  const [owner] = owners;
  if (owner === undefined || owners.size > 1) return undefined;
  return owner === UNMAPPED_USER && !(await seesAllUsers(proc)) ? undefined : owner;
}

/** Line by line: a machine may have a hundred thousand connections. */
async function ownersOf(list: string, ends: string): Promise<Set<number>> {
  const owners = new Set<number>();
  try {
    for await (const line of createInterface({ input: createReadStream(list, 'latin1') })) {
      const [, local, remote, state, , , , uid = '', , inode] = line.trim().split(/\s+/);
      if (`${local} ${remote}` !== ends || state !== ESTABLISHED || inode === '0') continue;
      if (/^\d{1,10}$/.test(uid)) owners.add(Number(uid));
    }
  } catch {
    // Where there is no list, nobody is found in it.
  }
  return owners;
}

async function seesAllUsers(proc: string): Promise<boolean> {
  return WHOLE_MAP.test(await readFile(`${proc}/uid_map`, 'utf8').catch(() => ''));
}

/** The 16 bytes of an IPv6 address; of an IPv4 address, those of the one that stands for it (RFC 4291, section 2.5.5.2). */
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

/** The kernel prints each 32 bits as a number of this machine. */
function hexOf(bytes: Buffer): string {
  const inOrder = Buffer.from(bytes);
  if (endianness() === 'LE') inOrder.swap32();
  return inOrder.toString('hex').toUpperCase();
}

function portHex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}
