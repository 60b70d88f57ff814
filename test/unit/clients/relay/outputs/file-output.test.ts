import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isRoot, NOBODY } from './a-folder.ts';
import { aToken } from './a-token.ts';
import { first, refusal, second, useOutput } from './an-output.ts';

const { at, found, modeOf, output } = useOutput();

describe('a file output', () => {
  it('is named after its file', () => {
    expect(output().name).toBe(`file ${at('out')}`);
  });

  it('contains the token, and leaves no other file in the folder', async () => {
    const file = output();
    await file.publish(first);
    expect(found()).toBe('hidden-1');
    await file.publish(second);
    expect(found()).toBe('hidden-2');
    expect(readdirSync(at())).toEqual(['out']);
    expect(await file.problem()).toBeUndefined();
  });

  it.each([0o000, 0o022, 0o077, 0o777])('has the configured mode with any umask: %o', async (umask) => {
    const before = process.umask(umask);
    try {
      await output().publish(first);
      expect(modeOf('out')).toBe('600');
      await output({ permissions: 0o640 }).publish(first);
      expect(modeOf('out')).toBe('640');
      await output({ permissions: 0o444 }).publish(first);
      expect(modeOf('out')).toBe('444');
    } finally {
      process.umask(before);
    }
  });

  it('has the configured owner if this user may change the owner', async () => {
    const file = output({ owner: 'daemon', group: NOBODY, permissions: 0o640 });
    if (isRoot) {
      await file.publish(first);
      const { uid, gid } = statSync(at('out'));
      expect(uid).toBeGreaterThan(0);
      expect([gid, modeOf('out')]).toEqual([NOBODY, '640']);
      expect(await file.problem()).toBeUndefined();
    } else {
      await output().publish(first);
      expect(await refusal(file.publish(second))).toContain(
        'this user may not change it to that owner or group (EPERM)',
      );
      expect(found()).toBe('hidden-1');
      expect(readdirSync(at())).toEqual(['out']);
    }
  });

  it('has the agent’s group in a setgid folder', async () => {
    mkdirSync(at('in'));
    if (isRoot) chownSync(at('in'), 0, NOBODY);
    chmodSync(at('in'), 0o2755);
    await output({ file_path: at('in', 'out') }).publish(first);
    expect(statSync(at('in', 'out')).gid).toBe(process.getegid?.());
  });

  it.each([
    [{ owner: 'nobody-at-all' }, 'there is no user nobody-at-all on this machine'],
    [{ group: 'nobody-at-all' }, 'there is no group nobody-at-all on this machine'],
  ])('is refused for an unknown account: %o', async (settings, sentence) => {
    expect(await refusal(output(settings).publish(first))).toBe(`file ${at('out')}: ${sentence}`);
    expect(readdirSync(at())).toEqual([]);
  });

  it('is not rewritten while its content is right', async () => {
    const file = output();
    await file.publish(first);
    const { ino } = statSync(at('out'));
    await file.publish(aToken({ token: 'hidden-1' }));
    expect(statSync(at('out')).ino).toBe(ino);
  });

  it('replaces the file of an earlier process', async () => {
    writeFileSync(at('out'), 'old', { mode: 0o644 });
    await output().publish(first);
    expect([found(), modeOf('out')]).toEqual(['hidden-1', '600']);
  });

  it('keeps the last token if the next cannot be written', async () => {
    const file = output();
    await file.publish(first);
    expect(await refusal(file.publish(aToken({ user: 'hidden-3', password: 'hidden-4' })))).toContain(
      'token api cannot',
    );
    expect(found()).toBe('hidden-1');
    expect(await file.problem()).toBeUndefined();
  });
});
