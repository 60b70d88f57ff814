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

describe('where an agent opens its control socket', () => {
  it('is where the configuration says, with the mode that it says', async () => {
    const control = { socket: '/run/other.sock', permissions: 0o660 };
    expect(await controlOfAgent({ control }, { RUNTIME_DIRECTORY: '/run/unit' }, folder)).toEqual(control);
  });

  it('is else the first runtime folder of its unit', async () => {
    const env = { RUNTIME_DIRECTORY: '/run/unit:/run/second', XDG_RUNTIME_DIR: folder };
    expect(await controlOfAgent({}, env, folder)).toEqual({ socket: '/run/unit/control.sock' });
  });

  it('is else the folder of the machine, if that is its own', async () => {
    expect(await controlOfAgent({}, { XDG_RUNTIME_DIR: '/elsewhere' }, folder)).toEqual({
      socket: join(folder, 'control.sock'),
    });
  });

  it('is never in a folder that other users may write', async () => {
    chmodSync(folder, 0o777);
    expect(await controlOfAgent({}, {}, folder)).toBeUndefined();
  });

  it('is else in a folder of the user, made for the user alone', async () => {
    const env = { XDG_RUNTIME_DIR: folder };
    const expected = { socket: join(folder, 'tokenrelay/control.sock') };
    expect(await controlOfAgent({}, env, NOWHERE)).toEqual(expected);
    expect(statSync(join(folder, 'tokenrelay')).mode & 0o777).toBe(0o700);
    expect(await controlOfAgent({}, env, NOWHERE)).toEqual(expected);
  });

  it('is nowhere when somebody else may write that folder too', async () => {
    mkdirSync(join(folder, 'tokenrelay'));
    chmodSync(join(folder, 'tokenrelay'), 0o770);
    expect(await controlOfAgent({}, { XDG_RUNTIME_DIR: folder }, NOWHERE)).toBeUndefined();
  });

  it('is nowhere without any of them', async () => {
    expect(await controlOfAgent({}, {}, NOWHERE)).toBeUndefined();
  });
});

describe('where commands look for an agent', () => {
  it('is the folder of the machine first, then the unit’s and the user’s', () => {
    expect(socketsOfClients({ RUNTIME_DIRECTORY: '/run/unit', XDG_RUNTIME_DIR: '/run/user/1000' })).toEqual([
      '/run/tokenrelay/control.sock',
      '/run/unit/control.sock',
      '/run/user/1000/tokenrelay/control.sock',
    ]);
  });

  it('names no place twice', () => {
    expect(socketsOfClients({ RUNTIME_DIRECTORY: '/run/tokenrelay' })).toEqual(['/run/tokenrelay/control.sock']);
  });

  it('is the user’s folder only where no other user can have put a socket', async () => {
    const mine = join(folder, 'tokenrelay/control.sock');
    mkdirSync(join(folder, 'tokenrelay'), { mode: 0o700 });
    expect(await trustedSockets(['/run/tokenrelay/control.sock', mine])).toContain(mine);
    chmodSync(join(folder, 'tokenrelay'), 0o777);
    expect(await trustedSockets(['/run/tokenrelay/control.sock', mine])).toEqual(['/run/tokenrelay/control.sock']);
  });

  it('is no folder that another user made in a folder of all users, nor one that is not there yet', async () => {
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
