import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isRoot, NOBODY } from './a-folder.ts';
import { first, refusal, second, useOutput } from './an-output.ts';

const { at, found, modeOf, output } = useOutput();

describe('the path of a file output', () => {
  it('may be a link, which is replaced without changing its target', async () => {
    writeFileSync(at('victim'), 'theirs', { mode: 0o644 });
    symlinkSync('victim', at('out'));
    await output().publish(first);
    expect(lstatSync(at('out')).isFile()).toBe(true);
    expect([readFileSync(at('victim'), 'utf8'), modeOf('victim')]).toEqual(['theirs', '644']);
  });

  it('may be a hard link to another file, which is not changed', async () => {
    writeFileSync(at('victim'), 'theirs', { mode: 0o644 });
    linkSync(at('victim'), at('out'));
    await output().publish(first);
    expect([found(), modeOf('out')]).toEqual(['hidden-1', '600']);
    expect([readFileSync(at('victim'), 'utf8'), modeOf('victim')]).toEqual(['theirs', '644']);
  });

  it('must not be a folder', async () => {
    mkdirSync(at('out'));
    expect(await refusal(output().publish(first))).toBe(`file ${at('out')}: a folder has its name`);
    expect(await refusal(output().withdraw('expired'))).toBe(`file ${at('out')}: a folder has its name`);
    expect(readdirSync(at())).toEqual(['out']);
  });

  it('must not be in a folder in which others can write', async () => {
    const file = output();
    await file.publish(first);
    chmodSync(at(), 0o770);
    expect(await refusal(file.publish(second))).toMatch(`other users can write in ${at()}, which has mode 0770`);
    expect(await refusal(file.withdraw('revoked'))).toMatch(`other users can write in ${at()}`);
    chmodSync(at(), 0o700);
    expect(found()).toBe('hidden-1');
  });

  it('must be in a folder', async () => {
    const file = output({ file_path: at('in', 'out') });
    expect(await refusal(file.publish(first))).toBe(`file ${at('in', 'out')}: ${at('in')} is missing`);
    await file.withdraw('expired');
    mkdirSync(at('in'));
    await file.publish(first);
    rmSync(at('in'), { recursive: true });
    expect(await file.problem()).toBe('is gone');
  });

  it('must have a name short enough for the temporary file', async () => {
    expect(await refusal(output({ file_path: at('x'.repeat(240)) }).publish(first))).toContain('its name is too long');
  });

  it('is cleaned of temporary files of a killed process, and of nothing else', async () => {
    const left = '.out.tokenrelay-0123456789abcdef';
    writeFileSync(at(left), 'hidden-0');
    const others = ['.out.tokenrelay-0123', '.out2.tokenrelay-0123456789abcdef', 'out.tokenrelay-0123456789abcdef'];
    for (const name of others) writeFileSync(at(name), '');
    symlinkSync('victim', at('.out.tokenrelay-aaaaaaaaaaaaaaaa'));
    mkdirSync(at('.out.tokenrelay-bbbbbbbbbbbbbbbb'));
    const foreign = '.out.tokenrelay-cccccccccccccccc';
    if (isRoot) {
      writeFileSync(at(foreign), '');
      chownSync(at(foreign), NOBODY, NOBODY);
    }
    await output().publish(first);
    expect(readdirSync(at()).sort()).toEqual(
      [
        'out',
        ...others,
        '.out.tokenrelay-aaaaaaaaaaaaaaaa',
        '.out.tokenrelay-bbbbbbbbbbbbbbbb',
        ...(isRoot ? [foreign] : []),
      ].sort(),
    );
  });

  it('is cleaned of temporary files that belong to another owner, also on a withdrawal', async () => {
    const left = '.out.tokenrelay-0123456789abcdef';
    writeFileSync(at(left), 'hidden-0');
    const owner = isRoot ? NOBODY : (process.getuid?.() ?? 0);
    chownSync(at(left), owner, process.getgid?.() ?? 0);
    await output({ owner }).withdraw('expired');
    expect(readdirSync(at())).toEqual([]);
  });
});
