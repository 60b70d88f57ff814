import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { controlOfAgent, socketsOfClients, trustedSockets } from 'tokenrelay/commands/control-socket.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'control-socket-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const NOWHERE = '/nonexistent/tokenrelay';

describe('the control socket of an agent', () => {
  it('has the configured path and mode', async () => {
    const control = { socket: '/run/other.sock', permissions: 0o660 };
    expect(await controlOfAgent({ control }, { RUNTIME_DIRECTORY: '/run/unit' }, folder)).toEqual(control);
  });

  it('is in the first runtime folder of its unit by default', async () => {
    const env = { RUNTIME_DIRECTORY: '/run/unit:/run/second', XDG_RUNTIME_DIR: folder };
    expect(await controlOfAgent({}, env, folder)).toEqual({ socket: '/run/unit/control.sock' });
  });

  it('is in the system folder if the agent’s user owns it', async () => {
    expect(await controlOfAgent({}, { XDG_RUNTIME_DIR: '/elsewhere' }, folder)).toEqual({
      socket: join(folder, 'control.sock'),
    });
  });

  it('is never in a folder that other users can write in', async () => {
    chmodSync(folder, 0o777);
    expect(await controlOfAgent({}, {}, folder)).toBeUndefined();
  });

  it('is else in a new private folder of the user', async () => {
    const env = { XDG_RUNTIME_DIR: folder };
    const expected = { socket: join(folder, 'tokenrelay/control.sock') };
    expect(await controlOfAgent({}, env, NOWHERE)).toEqual(expected);
    expect(statSync(join(folder, 'tokenrelay')).mode & 0o777).toBe(0o700);
    expect(await controlOfAgent({}, env, NOWHERE)).toEqual(expected);
  });

  it('does not exist if another user can write in that folder too', async () => {
    mkdirSync(join(folder, 'tokenrelay'));
    chmodSync(join(folder, 'tokenrelay'), 0o770);
    expect(await controlOfAgent({}, { XDG_RUNTIME_DIR: folder }, NOWHERE)).toBeUndefined();
  });

  it('does not exist without any of these folders', async () => {
    expect(await controlOfAgent({}, {}, NOWHERE)).toBeUndefined();
  });
});

describe('the sockets that commands try', () => {
  it('are in the system folder first, then in the unit’s and the user’s folder', () => {
    expect(socketsOfClients({ RUNTIME_DIRECTORY: '/run/unit', XDG_RUNTIME_DIR: '/run/user/1000' })).toEqual([
      '/run/tokenrelay/control.sock',
      '/run/unit/control.sock',
      '/run/user/1000/tokenrelay/control.sock',
    ]);
  });

  it('are listed once each', () => {
    expect(socketsOfClients({ RUNTIME_DIRECTORY: '/run/tokenrelay' })).toEqual(['/run/tokenrelay/control.sock']);
  });

  it('include the user’s folder only if no other user can create a socket there', async () => {
    const mine = join(folder, 'tokenrelay/control.sock');
    mkdirSync(join(folder, 'tokenrelay'), { mode: 0o700 });
    expect(await trustedSockets(['/run/tokenrelay/control.sock', mine])).toContain(mine);
    chmodSync(join(folder, 'tokenrelay'), 0o777);
    expect(await trustedSockets(['/run/tokenrelay/control.sock', mine])).toEqual(['/run/tokenrelay/control.sock']);
  });

  it('exclude a folder that another user created in a shared folder, or that does not exist yet', async () => {
    const all = join(folder, 'all');
    mkdirSync(all);
    chmodSync(all, 0o1777);
    const planted = join(all, 'tokenrelay');
    expect(await trustedSockets(['/run/a.sock', join(planted, 'control.sock')])).toEqual(['/run/a.sock']);
    mkdirSync(planted, { mode: 0o755 });
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(planted, 65_534, 65_534);
    const expected = isRoot ? [] : [join(planted, 'control.sock')];
    expect(await trustedSockets(['/run/a.sock', join(planted, 'control.sock')])).toEqual(['/run/a.sock', ...expected]);
  });
});
