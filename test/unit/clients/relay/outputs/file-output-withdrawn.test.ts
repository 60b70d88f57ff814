import { readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Withdrawal } from 'tokenrelay/model/output.ts';
import type { FileOutputSettings } from 'tokenrelay/settings/outputs.ts';
import { describe, expect, it } from 'vitest';
import { anEndlessToken } from './a-token.ts';
import { first, useOutput } from './an-output.ts';

const { at, found, modeOf, output } = useOutput();

describe('a token that is withdrawn from a file', () => {
  const leftBy = async (settings: Partial<FileOutputSettings>, why: Withdrawal) => {
    const file = output({ format: 'json', permissions: 0o640, ...settings });
    await file.publish(first);
    await file.withdraw(why);
    return readdirSync(at()).length === 0 ? 'removed' : found() === '' ? 'empty' : 'kept';
  };

  it.each([
    ['removed', {}, 'expired'],
    ['removed', {}, 'revoked'],
    ['kept', {}, 'stopped'],
    ['removed', { remove_on_stop: true }, 'stopped'],
    ['removed', { remove_on_stop: true, at_expiry: 'keep' }, 'stopped'],
    ['removed', {}, 'removed from the configuration'],
    ['empty', { at_expiry: 'empty' }, 'expired'],
    ['empty', { at_expiry: 'empty' }, 'revoked'],
    ['removed', { at_expiry: 'empty' }, 'removed from the configuration'],
    ['kept', { at_expiry: 'keep' }, 'expired'],
    ['removed', { at_expiry: 'keep' }, 'revoked'],
    ['removed', { at_expiry: 'keep' }, 'removed from the configuration'],
  ] as const)('leaves it %s with %o when %s', async (left, settings, why) => {
    expect(await leftBy(settings, why)).toBe(left);
  });

  it('leaves an empty file with the same mode', async () => {
    await leftBy({ at_expiry: 'empty' }, 'expired');
    expect(modeOf('out')).toBe('640');
  });

  it('is not kept if the file does not contain the expiry', async () => {
    const file = output({ format: 'json', at_expiry: 'keep' });
    await file.publish(anEndlessToken({ token: 'hidden-1' }));
    await file.withdraw('expired');
    expect(readdirSync(at())).toEqual([]);
  });

  it('is removed even if an earlier process wrote it, and may be missing', async () => {
    writeFileSync(at('out'), 'hidden-0');
    await output().withdraw('expired');
    expect(readdirSync(at())).toEqual([]);
    await output().withdraw('expired');
  });

  it('is not removed through a link', async () => {
    writeFileSync(at('victim'), 'theirs');
    symlinkSync('victim', at('out'));
    await output().withdraw('expired');
    expect(readdirSync(at())).toEqual(['victim']);
  });

  it('is written again when there is a new token', async () => {
    const file = output();
    await file.publish(first);
    await file.withdraw('expired');
    await file.publish(first);
    expect(found()).toBe('hidden-1');
  });
});
