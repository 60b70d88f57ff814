import { lstatSync, utimesSync, writeFileSync } from 'node:fs';
import { difference } from 'tokenrelay/files/file-state.ts';
import { describe, expect, it } from 'vitest';
import { useFolder } from '../outputs/a-folder.ts';

const at = useFolder();

describe('the recorded state of a file', () => {
  it('differs from other content with the same size and time', async () => {
    const write = (content: string) => {
      writeFileSync(at('out'), content);
      utimesSync(at('out'), 1, 1);
    };
    write('one');
    const left = lstatSync(at('out'), { bigint: true });
    expect(await difference(at('out'), left)).toBeUndefined();
    write('two');
    expect(lstatSync(at('out'), { bigint: true }).mtimeNs).toBe(left.mtimeNs);
    expect(await difference(at('out'), left)).toBe('was changed by another program');
  });

  it('reports a file as gone with its folder', async () => {
    writeFileSync(at('out'), 'one');
    const left = lstatSync(at('out'), { bigint: true });
    expect(await difference(at('none', 'out'), left)).toBe('is gone');
    expect(await difference(at('out', 'out'), left)).toBe('is gone');
  });
});
