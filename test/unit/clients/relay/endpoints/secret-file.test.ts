import { chmod, lstat, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { writeSecretFile } from 'tokenrelay/endpoints/secret-file.ts';
import { EndpointFailure } from 'tokenrelay/endpoints/start-endpoint.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { Endpoints } from './open-endpoints.ts';

describe('the file with the secret of an endpoint', () => {
  let endpoints: Endpoints;
  let path: string;
  beforeEach(async () => {
    endpoints = await Endpoints.create();
    path = endpoints.file('secret');
  });
  afterEach(() => endpoints.close());

  it('contains 256 random bits without a newline, readable only by its owner', async () => {
    const { secret } = await writeSecretFile({ path });
    expect(await readFile(path, 'utf8')).toBe(secret);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect((await lstat(path)).mode & 0o7777).toBe(0o600);
    expect((await writeSecretFile({ path })).secret).not.toBe(secret);
    expect(await readdir(endpoints.folder)).toEqual(['secret']);
  });

  it('has the configured owner and mode', async () => {
    if (process.getuid?.() === 0) {
      await writeSecretFile({ path, permissions: 0o640, owner: 65_533, group: 65_532 });
      const { uid, gid, mode } = await lstat(path);
      expect({ uid, gid, mode: mode & 0o7777 }).toEqual({ uid: 65_533, gid: 65_532, mode: 0o640 });
    } else {
      await expect(writeSecretFile({ path, owner: 0 })).rejects.toThrow(/may not give it/);
    }
    await expect(writeSecretFile({ path, group: 'nobody-has-this' })).rejects.toThrow(
      `${path}: there is no group nobody-has-this on this machine`,
    );
  });

  it('replaces a link, not its target', async () => {
    await writeFile(endpoints.file('other'), 'kept');
    await symlink(endpoints.file('other'), path);
    await writeSecretFile({ path });
    expect((await lstat(path)).isFile()).toBe(true);
    expect(await readFile(endpoints.file('other'), 'utf8')).toBe('kept');
  });

  it('is not written to a folder in which another user could replace it', async () => {
    await chmod(endpoints.folder, 0o777);
    const failure = await writeSecretFile({ path }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EndpointFailure);
    expect(await readdir(endpoints.folder)).toEqual([]);
  });

  it('stays when the agent stops, and has another secret after the next start', async () => {
    const start = () => endpoints.start({ protocol: 'tokens-tcp', listen: '127.0.0.1:0', bearer_file: { path } });
    await start();
    const before = await readFile(path, 'utf8');
    await endpoints.stop();
    expect(await readFile(path, 'utf8')).toBe(before);
    await start();
    expect(await readFile(path, 'utf8')).not.toBe(before);
  });

  it('is removed with its endpoint, unless it was replaced', async () => {
    const { remove } = await writeSecretFile({ path });
    await writeFile(path, 'another');
    await remove();
    expect(await readFile(path, 'utf8')).toBe('another');
    const mine = await writeSecretFile({ path });
    await mine.remove();
    await expect(lstat(path)).rejects.toThrow(/ENOENT/);
  });

  it('is removed if the endpoint cannot listen', async () => {
    const address = await endpoints.start({ protocol: 'monitoring', listen: '127.0.0.1:0' });
    const listen = address.slice('http://'.length);
    await expect(endpoints.start({ protocol: 'tokens-tcp', listen, bearer_file: { path } })).rejects.toThrow(
      `${listen}: another program listens on it`,
    );
    await expect(lstat(path)).rejects.toThrow(/ENOENT/);
    expect((await ask(address, '/healthz')).status).toBe(200);
  });
});
