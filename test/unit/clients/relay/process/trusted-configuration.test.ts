import { chmod, chown, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untrustedConfiguration } from 'tokenrelay/process/trusted-configuration.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const isRoot = process.geteuid?.() === 0;
const NOBODY = 65_534;
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-trust-'));
  file = join(folder, 'config.yaml');
  await writeFile(file, '', { mode: 0o644 });
});
afterEach(() => rm(folder, { recursive: true }));

describe('a configuration', () => {
  it('is trusted if only root and the agent can write it', async () => {
    expect(await untrustedConfiguration(file)).toBeUndefined();
  });

  it.each([0o664, 0o646])('is not trusted with mode %o', async (mode) => {
    await chmod(file, mode);
    expect(await untrustedConfiguration(file)).toContain(`other users can write ${file}`);
  });

  it.each([0o775, 0o1777])('is not trusted in a folder with mode %o', async (mode) => {
    await chmod(folder, mode);
    expect(await untrustedConfiguration(file)).toContain(`other users can write in ${folder}`);
  });

  it('is trusted if only the user’s private group can write it, and not if others can', async () => {
    await chmod(file, 0o664);
    await chmod(folder, 0o775);
    const { gid } = await stat(file);
    expect(await untrustedConfiguration(file, undefined, gid)).toBeUndefined();
    expect(await untrustedConfiguration(file, undefined, gid + 1)).toContain(folder);
    await chmod(file, 0o666);
    expect(await untrustedConfiguration(file, undefined, gid)).toContain(`other users can write ${file}`);
    await chmod(folder, 0o777);
    expect(await untrustedConfiguration(file, undefined, gid)).toContain(`other users can write in ${folder}`);
  });

  it('is not trusted if a link to it, or the target, is in a folder that others can write in', async () => {
    const open = join(folder, 'open');
    await mkdir(open);
    await symlink(file, join(open, 'there'));
    await symlink('open/there', join(folder, 'first'));
    expect(await untrustedConfiguration(join(folder, 'first'))).toBeUndefined();
    await chmod(open, 0o777);
    expect(await untrustedConfiguration(join(folder, 'first'))).toContain(open);
  });

  it('is not trusted if it is missing or a link loop', async () => {
    expect(await untrustedConfiguration(join(folder, 'none'))).toContain('cannot be checked (ENOENT)');
    await symlink('loop', join(folder, 'loop'));
    expect(await untrustedConfiguration(join(folder, 'loop'))).toContain('too many links');
  });

  it('is not trusted if it belongs to another user', async () => {
    if (isRoot) {
      await chown(file, NOBODY, NOBODY);
      expect(await untrustedConfiguration(file)).toContain(`${file} belongs to user ${NOBODY}`);
    } else {
      // A regular user cannot change the owner of a file, and files of root are trusted.
      expect(await untrustedConfiguration('/etc/passwd')).toBeUndefined();
    }
  });
});
