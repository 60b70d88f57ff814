import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { unsafeReason } from 'tokenrelay/files/safe-folder.ts';
import { describe, expect, it } from 'vitest';
import { isRoot, NOBODY, useFolder } from '../outputs/a-folder.ts';

const at = useFolder();
const uid = process.getuid?.() ?? 0;
const reason = (...names: string[]) => unsafeReason(at(...names), uid);
const folder = (name: string, mode = 0o755) => {
  mkdirSync(at(name));
  chmodSync(at(name), mode);
};

describe('a folder', () => {
  it('is safe if only this user and root can write in it and its parents', async () => {
    folder('out');
    expect(await reason('out')).toBeUndefined();
    expect(await unsafeReason('/', uid)).toBeUndefined();
  });

  it('is reported as missing', async () => {
    expect(await reason('out')).toBe(`${at('out')} is missing`);
  });

  it('is not a file', async () => {
    writeFileSync(at('out'), '');
    expect(await reason('out')).toBe(`${at('out')} is not a folder`);
    expect(await reason('out', 'in')).toBe(`${at('out')} is not a folder`);
  });

  it.each([
    [0o775, '0775'],
    [0o757, '0757'],
    [0o1777, '1777'],
  ])('is refused if others can write in it: %o', async (mode, shown) => {
    folder('out', mode);
    expect(await reason('out')).toBe(
      `other users can write in ${at('out')}, which has mode ${shown}: remove write access (chmod go-w)`,
    );
  });

  it('is refused if others can write in a parent folder, unless the parent is sticky', async () => {
    folder('all', 0o777);
    folder('all/out');
    expect(await reason('all', 'out')).toMatch(`other users can write in ${at('all')}, which has mode 0777`);
    chmodSync(at('all'), 0o1777);
    expect(await reason('all', 'out')).toBeUndefined();
  });

  it('is refused if it or a parent belongs to another user', async () => {
    folder('theirs');
    folder('theirs/out');
    if (isRoot) chownSync(at('theirs'), NOBODY, NOBODY);
    const user = isRoot ? uid : uid + 1;
    const owner = isRoot ? at('theirs') : at();
    for (const names of [['theirs'], ['theirs', 'out']]) {
      expect(await unsafeReason(at(...names), user)).toMatch(
        new RegExp(`^${owner} belongs to user \\d+, who could replace files in it$`),
      );
    }
  });

  it('is safe behind links of this user, absolute and relative', async () => {
    folder('run');
    folder('var');
    folder('run/out');
    symlinkSync(at('run'), at('var', 'absolute'));
    symlinkSync('./../run/.', at('var', 'relative'));
    expect(await reason('var', 'absolute', 'out')).toBeUndefined();
    expect(await reason('var', 'relative', 'out')).toBeUndefined();
    expect(await reason('var', 'relative', 'none')).toBe(`${at('var', 'relative', 'none')} is missing`);
  });

  it('is checked behind a link too', async () => {
    folder('open', 0o777);
    symlinkSync('open', at('link'));
    expect(await reason('link')).toMatch(`other users can write in ${at('open')}`);
  });

  it('is refused if others could replace a link on its path', async () => {
    folder('out');
    folder('open', 0o777);
    symlinkSync('../out', at('open', 'link'));
    expect(await reason('open', 'link')).toMatch(`other users can write in ${at('open')}`);
  });

  it('is refused behind a link of another user in a sticky folder', async () => {
    folder('out');
    folder('sticky', 0o1777);
    symlinkSync('../out', at('sticky', 'link'));
    expect(await reason('sticky', 'link')).toBeUndefined();
    if (isRoot) lchownSync(at('sticky', 'link'), NOBODY, NOBODY);
    expect(await unsafeReason(at('sticky', 'link'), isRoot ? uid : uid + 1)).toMatch(/belongs to user \d+/);
  });

  it('is refused behind a link loop', async () => {
    symlinkSync('b', at('a'));
    symlinkSync('a', at('b'));
    expect(await reason('a')).toBe(`${at('a')} leads through too many links`);
  });
});
