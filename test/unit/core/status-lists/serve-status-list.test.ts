import { listStatusLists, serveStatusList } from '@tvm/core/status-lists/serve-status-list.ts';
import { renewStatusLists, updateStatusLists } from '@tvm/core/status-lists/update-status-lists.ts';
import { describe, expect, it } from 'vitest';
import { clockAt, ISSUER } from '#test/fakes/in-memory-service.ts';
import { inMemoryStatusLists } from '#test/fakes/in-memory-status-lists.ts';
import { localKeys } from '#test/fakes/local-keys.ts';

const rules = { issuer: ISSUER, size: 1_000, ttl: 60, validity: 900 };

async function published() {
  const ports = {
    lists: inMemoryStatusLists(1),
    ...(await localKeys()),
    clock: clockAt(Date.UTC(2026, 0, 1, 12)),
  };
  await renewStatusLists(rules, ports);
  return ports;
}

const NOT_FOUND = { kind: 'not_found', what: 'status list' };

describe('a status list', () => {
  it('is served as signed, with the time that it may be cached', async () => {
    const ports = await published();
    const { token, etag } = ports.lists.states.get(1) ?? {};
    expect(await serveStatusList('1', undefined, rules, ports)).toEqual({ kind: 'published', token, etag, maxAge: 60 });
  });

  it('is not sent to a caller that has it, until it changes', async () => {
    const ports = await published();
    const { etag } = ports.lists.states.get(1) ?? {};
    for (const has of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      expect(await serveStatusList('1', has, rules, ports)).toEqual({ kind: 'unchanged', etag, maxAge: 60 });
    }
    expect(await serveStatusList('1', '"other"', rules, ports)).toMatchObject({ kind: 'published' });
    await updateStatusLists([{ list: 1, index: 7 }], rules, ports);
    expect(await serveStatusList('1', etag, rules, ports)).toMatchObject({ kind: 'published' });
  });

  it('is never cached beyond its expiry, and never served after it, not even to a caller that has it', async () => {
    const ports = await published();
    const { etag } = ports.lists.states.get(1) ?? {};
    ports.clock.time += 880_000;
    expect(await serveStatusList('1', undefined, rules, ports)).toMatchObject({ maxAge: 20 });
    ports.clock.time += 20_000;
    expect(await serveStatusList('1', undefined, rules, ports)).toEqual({ kind: 'unavailable' });
    expect(await serveStatusList('1', etag, rules, ports)).toEqual({ kind: 'unavailable' });
  });

  it('that is not published yet is unavailable, and one that does not exist is not found', async () => {
    const ports = await published();
    ports.lists.states.delete(2);
    expect(await serveStatusList('2', undefined, rules, ports)).toEqual({ kind: 'unavailable' });
    for (const list of ['3', '0', '-1', '1.0', '01', '1e3', '', 'x', '12345678901234567890', '__proto__']) {
      expect(await serveStatusList(list, undefined, rules, ports), list).toEqual(NOT_FOUND);
    }
  });

  it('is not found after it is retired', async () => {
    const ports = await published();
    await ports.lists.retire(1);
    ports.clock.time += 900_000;
    expect(await serveStatusList('1', undefined, rules, ports)).toEqual(NOT_FOUND);
  });
});

it('all lists that are in use are named', async () => {
  const ports = await published();
  expect(await listStatusLists(ISSUER, ports)).toEqual({ status_lists: [`${ISSUER}/status-lists/1`] });
  ports.lists.current = 4;
  await ports.lists.retire(2);
  expect(await listStatusLists(ISSUER, ports)).toEqual({
    status_lists: [`${ISSUER}/status-lists/3`, `${ISSUER}/status-lists/4`],
  });
  expect(await listStatusLists(ISSUER, { lists: inMemoryStatusLists() })).toEqual({ status_lists: [] });
});
