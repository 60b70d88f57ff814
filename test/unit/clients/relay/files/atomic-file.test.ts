import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { replaceFile } from 'tokenrelay/files/atomic-file.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isRoot, NOBODY, useFolder } from '../outputs/a-folder.ts';

const at = useFolder();
const access = { mode: 0o640, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const given = { mode: 0o640, uid: isRoot ? NOBODY : access.uid, gid: isRoot ? NOBODY : access.gid };

afterEach(() => {
  vi.restoreAllMocks();
});

/** Records each call on an open file, and the result of `look` at that time. */
async function noting<T>(look: () => T) {
  const handle = await open('/dev/null');
  const methods: FileHandle = Object.getPrototypeOf(handle);
  await handle.close();
  const calls: [string, T][] = [];
  for (const name of ['chown', 'chmod', 'writeFile', 'sync'] as const) {
    const original = methods[name] as (this: FileHandle, ...args: unknown[]) => Promise<void>;
    vi.spyOn(methods, name).mockImplementation(async function (this: FileHandle, ...args: unknown[]) {
      calls.push([name, look()]);
      await original.apply(this, args);
    });
  }
  return calls;
}

const theOne = () => {
  const [name = ''] = readdirSync(at());
  const { mode, uid, gid, size } = statSync(at(name));
  return { name, mode: (mode & 0o777).toString(8), uid, gid, size };
};

describe('an atomically replaced file', () => {
  it('gets its group, then its mode, then its owner, and only then its content', async () => {
    const calls = await noting(() => {
      const { mode, uid, gid, size } = theOne();
      return [mode, uid, gid, size];
    });
    const { uid, gid } = access;
    await replaceFile({ path: at(), isOnDisk: false, sync: async () => {} }, 'out', 'text', given);
    expect(calls).toEqual(
      isRoot
        ? [
            ['chown', ['600', uid, gid, 0]],
            ['chmod', ['600', uid, NOBODY, 0]],
            ['chown', ['640', uid, NOBODY, 0]],
            ['writeFile', ['640', NOBODY, NOBODY, 0]],
          ]
        : [
            ['chmod', ['600', uid, gid, 0]],
            ['writeFile', ['640', uid, gid, 0]],
          ],
    );
  });

  it('is written under a random name and synced, then renamed, then its folder is synced', async () => {
    const calls = await noting(() => theOne().name);
    const sync = vi.fn(async () => expect(readFileSync(at('out'), 'utf8')).toBe('text'));
    await replaceFile({ path: at(), isOnDisk: true, sync }, 'out', 'text', access);
    expect(calls.map(([name]) => name)).toEqual(['chmod', 'writeFile', 'sync']);
    for (const [, name] of calls) expect(name).toMatch(/^\.out\.tokenrelay-[0-9a-f]{16}$/);
    expect(sync).toHaveBeenCalledOnce();
  });

  it('is not synced on a memory file system', async () => {
    const calls = await noting(() => undefined);
    const sync = vi.fn(async () => {});
    await replaceFile({ path: at(), isOnDisk: false, sync }, 'out', 'text', access);
    expect(calls.map(([name]) => name)).not.toContain('sync');
    expect(sync).not.toHaveBeenCalled();
  });

  it('exists even if its folder cannot be synced', async () => {
    const sync = () => Promise.reject(new Error('as asked'));
    const state = await replaceFile({ path: at(), isOnDisk: true, sync }, 'out', 'text', access);
    expect(state.ino).toBe(statSync(at('out'), { bigint: true }).ino);
  });

  it.each(['chmod', 'writeFile', 'sync'] as const)('leaves no temporary file if %s fails', async (name) => {
    const handle = await open('/dev/null');
    vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, name).mockRejectedValue(new Error('as asked'));
    await handle.close();
    const open0 = readdirSync('/proc/self/fd').length;
    const failing = replaceFile({ path: at(), isOnDisk: true, sync: async () => {} }, 'out', 'text', access);
    await expect(failing).rejects.toThrow('as asked');
    expect(existsSync(at('out'))).toBe(false);
    expect(readdirSync(at())).toEqual([]);
    expect(readdirSync('/proc/self/fd').length).toBe(open0);
  });
});
