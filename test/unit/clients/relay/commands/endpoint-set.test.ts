import { endpointSet, type Opening } from 'tokenrelay/commands/endpoint-set.ts';
import { describe, expect, it } from 'vitest';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Fake endpoints. Two of them cannot listen on the same address. */
function addresses() {
  const taken = new Set<string>();
  const events: string[] = [];
  const at = (address: string, settings = ''): Opening => ({
    key: `${address}${settings}`,
    protocol: 'tokens',
    async open() {
      if (taken.has(address)) throw new Error(`${address} is taken`);
      taken.add(address);
      events.push(`open ${address}${settings}`);
      return {
        address,
        async close() {
          taken.delete(address);
          events.push(`close ${address}${settings}`);
        },
        async removeFiles() {
          events.push(`remove ${address}${settings}`);
        },
      };
    },
  });
  return { at, events, taken };
}

describe('the endpoints of a running agent', () => {
  it('stay open if their settings do not change', async () => {
    const { at, events } = addresses();
    const set = endpointSet(silent);
    await set.change([at('a'), at('b')]);
    await set.change([at('b'), at('a')]);
    expect(events).toEqual(['open a', 'open b']);
  });

  it('are reopened at the same address if their settings change, without touching the others', async () => {
    const { at, events } = addresses();
    const set = endpointSet(silent);
    await set.change([at('a'), at('b')]);
    await set.change([at('a', ' again'), at('b')]);
    expect(events.slice(2)).toEqual(['close a', 'open a again', 'remove a']);
  });

  it('are closed when they are no longer wanted', async () => {
    const { at, taken } = addresses();
    const set = endpointSet(silent);
    await set.change([at('a'), at('b')]);
    await set.change([at('b')]);
    expect([...taken]).toEqual(['b']);
    await set.close();
    expect([...taken]).toEqual([]);
  });

  it('keep their files when the agent stops, for the next start', async () => {
    const { at, events } = addresses();
    const set = endpointSet(silent);
    await set.change([at('a')]);
    await set.close();
    expect(events).toEqual(['open a', 'close a']);
  });

  it('are restored if a new one cannot be opened', async () => {
    const { at, taken, events } = addresses();
    const set = endpointSet(silent);
    await set.change([at('a'), at('b')]);
    taken.add('foreign');
    await expect(set.change([at('a', ' again'), at('c'), at('foreign')])).rejects.toThrow('foreign is taken');
    taken.delete('foreign');
    expect([...taken].sort()).toEqual(['a', 'b']);
    expect(events.filter((event) => event.endsWith(' a')).at(-1)).toBe('open a');
    await set.change([at('a'), at('b')]);
    expect(events.at(-1)).toMatch(/^open [ab]$/);
  });

  it('are all closed if one cannot be opened at the start', async () => {
    const { at, taken } = addresses();
    taken.add('foreign');
    await expect(endpointSet(silent).change([at('a'), at('foreign')])).rejects.toThrow('foreign is taken');
    expect([...taken]).toEqual(['foreign']);
  });
});
