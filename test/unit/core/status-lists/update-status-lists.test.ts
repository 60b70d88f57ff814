import { limits } from '@tvm/contract/limits.ts';
import type { StatusLists } from '@tvm/core/status-lists/ports.ts';
import { decompress, isInvalid, LEASE } from '@tvm/core/status-lists/status-list.ts';
import { renewStatusLists, updateStatusLists } from '@tvm/core/status-lists/update-status-lists.ts';
import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { clockAt, ISSUER } from '#test/fakes/in-memory-service.ts';
import { inMemoryStatusLists } from '#test/fakes/in-memory-status-lists.ts';
import { localKeys } from '#test/fakes/local-keys.ts';

const rules = { issuer: ISSUER, size: 1_000, ttl: 60, validity: 900 };

async function published(current = 1) {
  const lists = inMemoryStatusLists(current);
  const ports = { lists, ...(await localKeys()), clock: clockAt(Date.UTC(2026, 0, 1, 12)) };
  await renewStatusLists(rules, ports);
  return ports;
}

type Ports = Awaited<ReturnType<typeof published>>;

async function revokedIn({ lists }: Ports, list: number): Promise<number[]> {
  const state = await lists.get(list);
  const bits = decompress(state?.compressed ?? new Uint8Array());
  return Array.from({ length: bits.length * 8 }, (_, index) => index).filter((index) => isInvalid(bits, index));
}

const at = (list: number, ...indexes: number[]) => indexes.map((index) => ({ list, index }));

describe('updating status lists', () => {
  it('marks revoked tokens in each of their lists, and publishes only these lists', async () => {
    const ports = await published(3);
    const before = new Map(ports.lists.states);
    expect(await updateStatusLists([...at(1, 7, 8), ...at(3, 999)], rules, ports)).toBe(2);
    expect(await revokedIn(ports, 1)).toEqual([7, 8]);
    expect(await revokedIn(ports, 3)).toEqual([999]);
    expect(ports.lists.states.get(1)?.etag).not.toBe(before.get(1)?.etag);
    expect(ports.lists.states.get(2)).toBe(before.get(2));
  });

  it('is idempotent', async () => {
    const ports = await published();
    await updateStatusLists(at(1, 7, 8), rules, ports);
    const [state] = ports.lists.states.values();
    expect(await updateStatusLists(at(1, 8, 7), rules, ports)).toBe(0);
    expect(await updateStatusLists([], rules, ports)).toBe(0);
    expect(ports.lists.states.get(1)).toBe(state);
  });

  it('loses no change of concurrent writers', async () => {
    const ports = await published();
    const indexes = Array.from({ length: 40 }, (_, index) => index * 20);
    const writers = Array.from({ length: 8 }, (_, writer) => indexes.filter((__, nth) => nth % 8 === writer));
    await Promise.all(
      writers.map(async (own) => {
        for (const index of own) await updateStatusLists(at(1, index), rules, ports);
      }),
    );
    expect(await revokedIn(ports, 1)).toEqual(indexes);
  });

  it('never signs a list with an earlier time than its last version, even if a clock is behind', async () => {
    const ports = await published();
    const before = ports.lists.states.get(1);
    ports.clock.time -= 5_000;
    expect(await updateStatusLists(at(1, 7), rules, ports)).toBe(1);
    expect(ports.lists.states.get(1)?.issuedAt).toBe(before?.issuedAt);
    expect(decodeJwt(ports.lists.states.get(1)?.token ?? '').iat).toBe(decodeJwt(before?.token ?? '').iat);
  });

  it('gives up, to be retried later, if other writers win every time', async () => {
    const ports = await published();
    const lists: StatusLists = { ...ports.lists, put: async () => false };
    await expect(updateStatusLists(at(1, 7), rules, { ...ports, lists })).rejects.toThrow(/changed by other writers/);
  });

  it('stores nothing if signing fails', async () => {
    const ports = await published();
    const [state] = ports.lists.states.values();
    const sign = () => Promise.reject(new Error('KMS is down'));
    await expect(updateStatusLists(at(1, 7), rules, { ...ports, signer: { ...ports.signer, sign } })).rejects.toThrow(
      'KMS is down',
    );
    expect(ports.lists.states.get(1)).toBe(state);
  });

  it('creates a list that is not published yet, and extends one that is too small', async () => {
    const ports = await published();
    expect(await updateStatusLists([...at(5, 3), ...at(1, 1_500)], rules, ports)).toBe(2);
    expect(await revokedIn(ports, 5)).toEqual([3]);
    expect(await revokedIn(ports, 1)).toEqual([1_500]);
    expect(ports.lists.states.get(1)?.places).toBe(1_504);
  });
});

describe('renewing status lists', () => {
  it('publishes the current and the next list before any token is revoked or issued', async () => {
    const ports = await published(0);
    expect([...ports.lists.states.keys()]).toEqual([1]);
    ports.lists.current = 1;
    expect(await renewStatusLists(rules, ports)).toEqual({ published: 1, retired: 0 });
    expect([...ports.lists.states.keys()]).toEqual([1, 2]);
    expect(await renewStatusLists(rules, ports)).toEqual({ published: 0, retired: 0 });
  });

  it('signs a list again after half its validity, and keeps the revoked tokens', async () => {
    const ports = await published();
    await updateStatusLists(at(1, 7), rules, ports);
    const before = ports.lists.states.get(1);
    ports.clock.time += 450_000;
    expect(await renewStatusLists(rules, ports)).toEqual({ published: 0, retired: 0 });
    ports.clock.time += 1;
    expect(await renewStatusLists(rules, ports)).toEqual({ published: 2, retired: 0 });
    const after = ports.lists.states.get(1);
    expect(after?.expiresAt).toBeGreaterThan(before?.expiresAt ?? 0);
    expect(after?.etag).not.toBe(before?.etag);
    expect(await revokedIn(ports, 1)).toEqual([7]);
  });

  it('signs a list again at once after a change of key, issuer or size', async () => {
    const ports = await published();
    expect(await renewStatusLists(rules, { ...ports, ...(await localKeys()) })).toEqual({ published: 2, retired: 0 });
    const moved = { ...rules, issuer: 'https://elsewhere.example.com' };
    expect((await renewStatusLists(moved, ports)).published).toBe(2);
    const larger = { ...moved, size: 2_000 };
    expect((await renewStatusLists(larger, ports)).published).toBe(2);
    expect(ports.lists.states.get(1)?.places).toBe(2_000);
  });

  it('retires a list when all of its tokens have expired, and not before', async () => {
    const ports = await published(1);
    await updateStatusLists(at(1, 7), rules, ports);
    ports.lists.current = 2;
    const full = ports.clock.time;
    await renewStatusLists(rules, ports);
    // The last index was leased before. Its lease is valid for an hour, and its token for at most a day.
    const overAt = full + (LEASE + limits.lifetime) * 1000;
    expect(ports.lists.states.get(1)?.overAt).toBe(overAt);
    expect(ports.lists.states.get(2)?.overAt).toBeUndefined();

    ports.clock.time = overAt - 1;
    expect(await renewStatusLists(rules, ports)).toMatchObject({ retired: 0 });
    expect(ports.lists.states.get(1)?.overAt).toBe(overAt);
    expect(ports.lists.states.get(1)?.expiresAt).toBeGreaterThan(ports.clock.time);
    expect(await revokedIn(ports, 1)).toEqual([7]);

    ports.clock.time = overAt;
    expect(await renewStatusLists(rules, ports)).toMatchObject({ retired: 1 });
    expect(await ports.lists.span()).toEqual({ oldest: 2, current: 2 });
  });

  it('retires lists in order, also several in one call', async () => {
    const ports = await published(3);
    ports.lists.current = 4;
    await renewStatusLists(rules, ports);
    ports.clock.time += (LEASE + limits.lifetime) * 1000;
    expect(await renewStatusLists(rules, ports)).toMatchObject({ retired: 3 });
    expect(await ports.lists.span()).toEqual({ oldest: 4, current: 4 });
  });

  it('never changes a retired list, even if its tokens are revoked', async () => {
    const ports = await published(1);
    await ports.lists.retire(1);
    ports.lists.states.delete(1);
    expect(await updateStatusLists(at(1, 7), rules, ports)).toBe(0);
    expect(ports.lists.states.has(1)).toBe(false);
  });
});
