import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync } from 'node:fs';
import { chmod, lstat, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { EndpointFailure } from 'tokenrelay/endpoints/start-endpoint.ts';
import { listenOnSocket } from 'tokenrelay/endpoints/unix-socket.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { bearerToken } from './fake-tokens.ts';
import { Endpoints } from './open-endpoints.ts';

const isRoot = process.getuid?.() === 0;

describe('a Unix socket', () => {
  let endpoints: Endpoints;
  let path: string;
  beforeEach(async () => {
    endpoints = await Endpoints.create();
    endpoints.tokens.set('app', bearerToken(endpoints.clock, 'value', 60));
    path = endpoints.file('tokens.sock');
  });
  afterEach(() => endpoints.close());

  const start = (more: object = {}) => endpoints.start({ protocol: 'tokens', listen: { unix: path, ...more } });
  const modeOf = async (file: string) => (await lstat(file)).mode & 0o7777;
  /** Creates a stale socket, like that of a killed agent. */
  const leaveBehind = async () => {
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', script], { stdio: 'ignore' }), 'exit');
    expect((await lstat(path)).isSocket()).toBe(true);
  };

  it('is accessible only to its owner unless a mode is configured', async () => {
    const before = process.umask();
    await start();
    expect(await modeOf(path)).toBe(0o600);
    expect(process.umask()).toBe(before);
  });

  it('is accessible only to its owner from its creation until its mode is set', async () => {
    const server = createHttpServer();
    const modes: number[] = [];
    const listen = server.listen.bind(server) as (options: object) => Server;
    server.listen = ((options: object) => {
      listen(options);
      modes.push(lstatSync(path).mode & 0o7777);
      return server;
    }) as Server['listen'];
    const usual = process.umask(0);
    try {
      await listenOnSocket(server, path, { mode: 0o666, uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 });
    } finally {
      process.umask(usual);
    }
    modes.push(await modeOf(path));
    server.close();
    expect(modes).toEqual([0o600, 0o666]);
  });

  it('has the configured mode with any umask', async () => {
    const usual = process.umask(0o077);
    try {
      await start({ permissions: '0666' });
    } finally {
      process.umask(usual);
    }
    expect(await modeOf(path)).toBe(0o666);
  });

  it('has the configured owner', async () => {
    if (isRoot) {
      await start({ owner: 65_533, group: 65_532, permissions: '0660' });
      const { uid, gid, mode } = await lstat(path);
      expect({ uid, gid, mode: mode & 0o7777 }).toEqual({ uid: 65_533, gid: 65_532, mode: 0o660 });
    } else {
      await expect(start({ owner: 0 })).rejects.toThrow(/may not give it to that owner or group/);
      await expect(lstat(path)).rejects.toThrow(/ENOENT/);
    }
  });

  it('refuses users without permission', async () => {
    await chmod(endpoints.folder, 0o755);
    await start();
    if (!isRoot) return expect(await modeOf(path)).toBe(0o600);
    const curl = promisify(execFile)('curl', ['-s', '--unix-socket', path, 'http://localhost/v1/tokens/app'], {
      uid: 65_534,
      gid: 65_534,
    });
    await expect(curl).rejects.toMatchObject({ stdout: '', code: 7 });
    expect((await ask(path, '/v1/tokens/app')).status).toBe(200);
  });

  it('replaces the socket of a killed agent', async () => {
    await leaveBehind();
    await start();
    expect((await ask(path, '/v1/tokens/app')).status).toBe(200);
  });

  it('does not replace a socket that another program listens on', async () => {
    const other = createServer((socket) => socket.on('error', () => {})).listen(path);
    await once(other, 'listening');
    try {
      await expect(start()).rejects.toThrow(`${path}: another program listens on it`);
      expect((await lstat(path)).isSocket()).toBe(true);
    } finally {
      other.close();
    }
  });

  it.each([
    ['a file', (at: string) => writeFile(at, 'kept')],
    ['a folder', (at: string) => mkdir(at)],
    [
      'a link to a socket',
      async (at: string) => {
        await leaveBehind();
        await rename(at, `${at}.real`);
        await symlink(`${at}.real`, at);
      },
    ],
  ])('does not replace %s', async (_, put) => {
    await put(path);
    const before = await lstat(path);
    await expect(start()).rejects.toThrow(`${path}: a file that is not a socket has this name`);
    expect((await lstat(path)).ino).toBe(before.ino);
  });

  it('is not created in a folder in which another user could replace it', async () => {
    await chmod(endpoints.folder, 0o777);
    const failure = await start().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EndpointFailure);
    expect(String(failure)).toMatch(/other users can write in/);
    await expect(lstat(path)).rejects.toThrow(/ENOENT/);
  });

  it('refuses a path that the kernel would truncate', async () => {
    path = endpoints.file('x'.repeat(108));
    await expect(start()).rejects.toThrow(/may have at most 107 bytes/);
  });

  it('is removed when its endpoint closes', async () => {
    await start();
    await endpoints.close();
    await expect(readFile(path)).rejects.toThrow(/ENOENT/);
  });
});
