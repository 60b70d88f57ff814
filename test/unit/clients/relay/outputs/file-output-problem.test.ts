import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isRoot, NOBODY } from './a-folder.ts';
import { first, useOutput } from './an-output.ts';

const { at, found, modeOf, output } = useOutput();
const replace = (lay: () => void) => {
  rmSync(at('out'));
  lay();
};

describe('the problem of a file output', () => {
  it.each<[string, () => void]>([
    ['is gone', () => rmSync(at('out'))],
    ['was replaced by a link', () => replace(() => symlinkSync('x', at('out')))],
    ['was replaced by a folder', () => replace(() => mkdirSync(at('out')))],
    ['has mode 0644, not 0640', () => chmodSync(at('out'), 0o644)],
    ['has a second name (a hard link)', () => linkSync(at('out'), at('copy'))],
    ['was changed by another program', () => writeFileSync(at('out'), 'hidden-9')],
    ['was changed by another program', () => utimesSync(at('out'), 0, 0)],
    [
      'was changed by another program',
      () => {
        writeFileSync(at('new'), 'hidden-1', { mode: 0o640 });
        renameSync(at('new'), at('out'));
      },
    ],
  ])('reports that it %s', async (problem, disturb) => {
    const file = output({ permissions: 0o640 });
    await file.publish(first);
    disturb();
    expect(await file.problem()).toBe(problem);
    if (problem === 'was replaced by a folder') return;
    await file.publish(first);
    expect(await file.problem()).toBeUndefined();
    expect([found(), modeOf('out')]).toEqual(['hidden-1', '640']);
  });

  it('reports that its owner was changed', async () => {
    const file = output();
    await file.publish(first);
    chownSync(at('out'), isRoot ? NOBODY : (process.getuid?.() ?? 0), process.getgid?.() ?? 0);
    expect(await file.problem()).toBe(isRoot ? `belongs to user ${NOBODY}, not 0` : 'was changed by another program');
    if (!isRoot) return;
    chownSync(at('out'), 0, NOBODY);
    expect(await file.problem()).toBe(`belongs to group ${NOBODY}, not ${process.getegid?.()}`);
  });

  it('is undefined before a publication and after a withdrawal', async () => {
    const file = output();
    expect(await file.problem()).toBeUndefined();
    await file.publish(first);
    await file.withdraw('expired');
    expect(await file.problem()).toBeUndefined();
  });
});
