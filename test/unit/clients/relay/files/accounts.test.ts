import { groupId, userId } from 'tokenrelay/files/accounts.ts';
import { describe, expect, it } from 'vitest';

describe('an account', () => {
  it('is found by its name', async () => {
    expect(await userId('root')).toBe(0);
    expect(await groupId('root')).toBe(0);
    expect(await userId('daemon')).toBeGreaterThan(0);
  });

  it('may be a number, whether or not the account exists', async () => {
    expect(await userId(4_000_000)).toBe(4_000_000);
    expect(await groupId(0)).toBe(0);
    expect(await userId('4000000')).toBe(4_000_000);
  });

  it.each(['-i', '+0', ' 0', '-0', '--help', ' root'])('is never looked up as an option or an id: %j', async (name) => {
    expect(await userId(name)).toBeUndefined();
    expect(await groupId(name)).toBeUndefined();
  });

  it('is undefined if no account has that name', async () => {
    expect(await userId('nobody-at-all')).toBeUndefined();
    expect(await groupId('nobody-at-all')).toBeUndefined();
  });
});
