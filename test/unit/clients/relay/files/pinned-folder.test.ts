import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { inFolder } from 'tokenrelay/files/pinned-folder.ts';
import { describe, expect, it } from 'vitest';
import { useFolder } from '../outputs/a-folder.ts';

const at = useFolder();
const uid = process.getuid?.() ?? 0;

describe('a folder that is held open', () => {
  it('stays the same when it is replaced with a link', async () => {
    mkdirSync(at('out'));
    mkdirSync(at('victim'));
    await inFolder(at('out'), uid, async ({ path }) => {
      renameSync(at('out'), at('moved'));
      symlinkSync('victim', at('out'));
      writeFileSync(`${path}/file`, '');
    });
    expect(readdirSync(at('victim'))).toEqual([]);
    expect(readdirSync(at('moved'))).toEqual(['file']);
  });

  it('is closed afterwards, even after a failure', async () => {
    mkdirSync(at('out'));
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    const failure = inFolder(at('out'), uid, () => Promise.reject(new Error('as asked')));
    await expect(failure).rejects.toThrow('as asked');
    expect(open()).toBe(before);
  });

  it('is reported as missing', async () => {
    await expect(inFolder(at('out'), uid, async () => {})).rejects.toMatchObject({ isMissing: true });
    writeFileSync(at('out'), '');
    await expect(inFolder(at('out'), uid, async () => {})).rejects.toMatchObject({ isMissing: false });
  });
});
