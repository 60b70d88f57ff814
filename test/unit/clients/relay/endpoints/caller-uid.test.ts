import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { callerUid } from 'tokenrelay/endpoints/caller-uid.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** A row in the format of the kernel's connection list. */
const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const LOOPBACK = '0100007F';
const LOOPBACK_6 = '00000000000000000000000001000000';
const MAPPED = '0000000000000000FFFF00000100007F';
const CALLER = ':E0A2';
const HERE = ':2645';

function row(local: string, remote: string, uid: number, { state = '01', inode = 4_711 } = {}): string {
  return `   2: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${inode} 2 0000000000000000 20 0 0 10 -1`;
}

describe.runIf(endianness() === 'LE')('the user who opened a connection, from the kernel’s lists', () => {
  const connection = { localAddress: '127.0.0.1', localPort: 0x2645, remoteAddress: '127.0.0.1', remotePort: 0xe0a2 };
  const overIpv6 = { ...connection, localAddress: '::1', remoteAddress: '::1' };
  let proc: string;
  beforeEach(async () => {
    proc = await mkdtemp(join(tmpdir(), 'relay-proc-'));
    await mkdir(join(proc, 'net'));
    await writeFile(join(proc, 'uid_map'), '         0          0 4294967295\n');
  });
  afterEach(() => rm(proc, { recursive: true }));
  const list = (name: 'tcp' | 'tcp6', ...rows: string[]) =>
    writeFile(join(proc, 'net', name), `${[HEAD, ...rows].join('\n')}\n`);

  it('is the owner of the other end, not of this one', async () => {
    await list(
      'tcp',
      row(`${LOOPBACK}${HERE}`, `00000000:0000`, 0, { state: '0A' }),
      row(`${LOOPBACK}${HERE}`, `${LOOPBACK}${CALLER}`, 990),
      row(`${LOOPBACK}${CALLER}`, `${LOOPBACK}${HERE}`, 1_000),
    );
    expect(await callerUid(connection, proc)).toBe(1_000);
  });

  it('is found for an IPv6 client that connects to an IPv4 address', async () => {
    await list('tcp', row(`${LOOPBACK}${HERE}`, `${LOOPBACK}${CALLER}`, 990));
    await list('tcp6', row(`${MAPPED}${CALLER}`, `${MAPPED}${HERE}`, 1_000));
    expect(await callerUid(connection, proc)).toBe(1_000);
    expect(await callerUid({ ...connection, remoteAddress: '::ffff:127.0.0.1' }, proc)).toBe(1_000);
  });

  it('is found over IPv6', async () => {
    await list('tcp6', row(`${LOOPBACK_6}${CALLER}`, `${LOOPBACK_6}${HERE}`, 1_000));
    expect(await callerUid(overIpv6, proc)).toBe(1_000);
  });

  it.each([
    ['another port', row(`${LOOPBACK}:E0A3`, `${LOOPBACK}${HERE}`, 1_000)],
    ['another address', row(`0200007F${CALLER}`, `${LOOPBACK}${HERE}`, 1_000)],
    ['a connection to another server', row(`${LOOPBACK}${CALLER}`, `${LOOPBACK}:2646`, 1_000)],
    ['a connection to another address', row(`${LOOPBACK}${CALLER}`, `0200007F${HERE}`, 1_000)],
    ['a closing connection', row(`${LOOPBACK}${CALLER}`, `${LOOPBACK}${HERE}`, 1_000, { state: '05' })],
    ['an opening connection', row(`${LOOPBACK}${CALLER}`, `${LOOPBACK}${HERE}`, 1_000, { state: '02' })],
    ['an orphaned connection', row(`${LOOPBACK}${CALLER}`, `${LOOPBACK}${HERE}`, 0, { inode: 0 })],
    ['an invalid user id', row(`${LOOPBACK}${CALLER}`, `${LOOPBACK}${HERE}`, Number.NaN)],
  ])('is unknown from the row of %s', async (_, wrong) => {
    await list('tcp', wrong);
    expect(await callerUid(connection, proc)).toBeUndefined();
  });

  it('is unknown if two users have a matching row', async () => {
    await list('tcp', row(`${LOOPBACK}${CALLER}`, `${LOOPBACK}${HERE}`, 1_000));
    await list('tcp6', row(`${MAPPED}${CALLER}`, `${MAPPED}${HERE}`, 1_001));
    expect(await callerUid(connection, proc)).toBeUndefined();
  });

  it('is unknown without lists, or without addresses of the connection', async () => {
    expect(await callerUid(connection, proc)).toBeUndefined();
    expect(await callerUid({}, proc)).toBeUndefined();
  });

  it('is unknown if 65534 stands for all unmapped users', async () => {
    await list('tcp', row(`${LOOPBACK}${CALLER}`, `${LOOPBACK}${HERE}`, 65_534));
    expect(await callerUid(connection, proc)).toBe(65_534);
    await writeFile(join(proc, 'uid_map'), '         0       1000          1\n');
    expect(await callerUid(connection, proc)).toBeUndefined();
  });
});
