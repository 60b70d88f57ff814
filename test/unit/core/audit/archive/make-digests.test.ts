import type { AuditDigest } from '@tvm/contract/audit-digest.ts';
import { archiveBatch } from '@tvm/core/audit/archive/archive-batch.ts';
import { sha256 } from '@tvm/core/audit/archive/chain.ts';
import { readDigest } from '@tvm/core/audit/archive/digest.ts';
import { makeDigests } from '@tvm/core/audit/archive/make-digests.ts';
import { DIGESTS, HOUR } from '@tvm/core/audit/archive/names.ts';
import { signedJws } from '@tvm/core/keys/jws.ts';
import { describe, expect, it } from 'vitest';
import { inMemoryAdopted, inMemoryArchive } from '#test/fakes/in-memory-archive.ts';
import { localKeys } from '#test/fakes/local-keys.ts';
import { archivedEvent, archiveOf, NOON } from '#test/support/archived-events.ts';

const { signer, keys } = await localKeys();
const MINUTE = 60_000;

async function digestsOf(objects: Awaited<ReturnType<typeof archiveOf>>): Promise<[string, AuditDigest][]> {
  const digests: [string, AuditDigest][] = [];
  for await (const key of objects.list(DIGESTS)) {
    const digest = await readDigest(objects.content.get(key) ?? new Uint8Array(), await keys.jwks());
    if (typeof digest === 'string') throw new Error(`${key} is ${digest}`);
    digests.push([key, digest]);
  }
  return digests;
}

const late = (at: number) => archivedEvent(`late-${at}`, at);

describe('digests', () => {
  it('are written for each past hour, and name its objects and the previous digest', async () => {
    const objects = await archiveOf(2);
    expect(await makeDigests({ now: NOON + HOUR + 5 * MINUTE }, { objects, signer, keys })).toEqual([
      'digests/dt=2026-11-22/2026-11-22T120000.000Z.jws',
    ]);
    expect(await makeDigests({ now: NOON + 2 * HOUR + 5 * MINUTE }, { objects, signer, keys })).toHaveLength(1);
    const [[key, first] = [], [, second] = []] = await digestsOf(objects);
    expect(first).toMatchObject({ from: '2026-11-22T12:00:00.000Z', to: '2026-11-22T13:00:00.000Z', previous: null });
    expect(first?.objects.map((object) => [object.records, object.key.slice(0, 28)])).toEqual([
      [4, 'events/dt=2026-11-22/hour=12'],
      [4, 'events/dt=2026-11-22/hour=12'],
    ]);
    expect(second).toMatchObject({ from: first?.to, to: '2026-11-22T14:00:00.000Z' });
    expect(second?.previous).toEqual({ key, sha256: sha256(objects.content.get(key ?? '') ?? '') });
    expect(second?.objects).toHaveLength(2);
  });

  it('are written for hours without events', async () => {
    const objects = inMemoryArchive();
    await makeDigests({ now: NOON + HOUR }, { objects, signer, keys });
    expect(await digestsOf(objects)).toMatchObject([[expect.anything(), { previous: null, objects: [] }]]);
  });

  it('are written once per hour', async () => {
    const objects = await archiveOf(1);
    const now = NOON + HOUR + 5 * MINUTE;
    expect(await makeDigests({ now }, { objects, signer, keys })).toHaveLength(1);
    expect(await makeDigests({ now }, { objects, signer, keys })).toEqual([]);
  });

  it('are written once even by two concurrent runs', async () => {
    const objects = await archiveOf(1);
    const now = NOON + HOUR + 5 * MINUTE;
    const made = await Promise.all([1, 2, 3].map(() => makeDigests({ now }, { objects, signer, keys })));
    expect(made.flat()).toHaveLength(1);
  });

  it('are written for each missed hour', async () => {
    const objects = await archiveOf(5, 1);
    await makeDigests({ now: NOON + HOUR }, { objects, signer, keys });
    expect(await makeDigests({ now: NOON + 5 * HOUR + 1 }, { objects, signer, keys })).toHaveLength(4);
    const digests = await digestsOf(objects);
    expect(digests.map(([, digest]) => digest.objects.length)).toEqual([1, 1, 1, 1, 1]);
    expect(digests.map(([, { from }]) => from)).toEqual(
      [12, 13, 14, 15, 16].map((hour) => `2026-11-22T${hour}:00:00.000Z`),
    );
  });

  it('cover objects that are up to 24 hours late', async () => {
    const objects = await archiveOf(1);
    for (let hour = 1; hour <= 24; hour++) await makeDigests({ now: NOON + hour * HOUR }, { objects, signer, keys });
    await archiveBatch([late(NOON + 1)], { objects, adopted: inMemoryAdopted() });
    await makeDigests({ now: NOON + 25 * HOUR }, { objects, signer, keys });
    const named = (await digestsOf(objects)).flatMap(([, digest]) => digest.objects.map(({ key }) => key));
    expect(named).toHaveLength(3);
    expect(new Set(named).size).toBe(3);
    expect(named.at(-1)).toContain('late-');
  });

  it('can be written before the end of the hour; the next digest continues from there', async () => {
    const objects = await archiveOf(2);
    const now = NOON + HOUR + 20 * MINUTE + 1_234;
    expect(await makeDigests({ now, sealNow: true }, { objects, signer, keys })).toHaveLength(2);
    await archiveBatch([late(now)], { objects, adopted: inMemoryAdopted() });
    await makeDigests({ now: NOON + 2 * HOUR }, { objects, signer, keys });
    const digests = (await digestsOf(objects)).map(([, { from, to, objects }]) => [from, to, objects.length]);
    expect(digests).toEqual([
      ['2026-11-22T12:00:00.000Z', '2026-11-22T13:00:00.000Z', 2],
      ['2026-11-22T13:00:00.000Z', '2026-11-22T13:12:01.000Z', 2],
      ['2026-11-22T13:12:01.000Z', '2026-11-22T14:00:00.000Z', 1],
    ]);
  });

  it('with sealNow cover all current objects, including newer ones, and no later digest covers them again', async () => {
    const objects = await archiveOf(1);
    const now = NOON + HOUR + 3 * MINUTE;
    await archiveBatch([late(now - 1)], { objects, adopted: inMemoryAdopted() });
    // The hour is over, but objects with events from its end may still be missing.
    expect(await makeDigests({ now, sealNow: true }, { objects, signer, keys })).toHaveLength(1);
    const [[, seal] = []] = await digestsOf(objects);
    expect(seal).toMatchObject({ from: '2026-11-22T12:00:00.000Z', to: '2026-11-22T12:55:00.000Z' });
    expect(seal?.objects.map(({ key }) => key)).toContainEqual(expect.stringContaining('hour=13'));
    for (let hour = 1; hour <= 30; hour++) await makeDigests({ now: NOON + hour * HOUR }, { objects, signer, keys });
    const named = (await digestsOf(objects)).flatMap(([, digest]) => digest.objects.map(({ key }) => key));
    expect(new Set(named).size).toBe(named.length);
  });

  it('with sealNow in quick succession never end in the future, and have different names', async () => {
    const objects = await archiveOf(1);
    const now = NOON + HOUR + 2_500;
    for (let count = 0; count < 3; count++) await makeDigests({ now, sealNow: true }, { objects, signer, keys });
    await makeDigests({ now: NOON + HOUR, sealNow: false }, { objects, signer, keys });
    for (let count = 0; count < 5; count++) await makeDigests({ now, sealNow: true }, { objects, signer, keys });
    const ends = (await digestsOf(objects)).map(([, { to }]) => Date.parse(to));
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
    expect(new Set(ends).size).toBe(ends.length);
    expect(Math.max(...ends)).toBe(NOON + HOUR + 2_000);
  });

  it('never cover an object that is dated in the future', async () => {
    const objects = await archiveOf(1);
    await archiveBatch([late(NOON + 3 * HOUR)], { objects, adopted: inMemoryAdopted() });
    await makeDigests({ now: NOON + HOUR + 10 * MINUTE, sealNow: true }, { objects, signer, keys });
    const named = (await digestsOf(objects)).flatMap(([, digest]) => digest.objects.map(({ key }) => key));
    expect(named).not.toContainEqual(expect.stringContaining('late'));
  });

  it('are not written after an invalid digest', async () => {
    const objects = await archiveOf(2);
    const [key = ''] = await makeDigests({ now: NOON + HOUR }, { objects, signer, keys });
    objects.content.set(key, Buffer.from('no digest'));
    await expect(makeDigests({ now: NOON + 2 * HOUR }, { objects, signer, keys })).rejects.toThrow('is not valid');
  });
});

describe('a digest is accepted', () => {
  it('only if it has the type of digests, so that a token is never accepted', async () => {
    const jws = await signedJws(signer, 'at+jwt', { version: '1' });
    expect(await readDigest(Buffer.from(jws), await keys.jwks())).toBe('unsigned');
  });

  it('only if its content is valid', async () => {
    const jws = await signedJws(signer, 'audit-digest+jwt', { version: '2' });
    expect(await readDigest(Buffer.from(jws), await keys.jwks())).toBe('malformed');
  });

  it('only if a known key signed it', async () => {
    const other = await localKeys();
    const jws = await signedJws(other.signer, 'audit-digest+jwt', { version: '1' });
    expect(await readDigest(Buffer.from(jws), await keys.jwks())).toBe('unsigned');
  });
});
