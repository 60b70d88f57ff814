import type { NamedDigest } from '@tvm/contract/audit-digest.ts';
import { archiveBatch } from '@tvm/core/audit/archive/archive-batch.ts';
import { sha256, writeLines } from '@tvm/core/audit/archive/chain.ts';
import type { Finding } from '@tvm/core/audit/archive/check-object.ts';
import { findFirstDigest } from '@tvm/core/audit/archive/digest-chain.ts';
import { makeDigests } from '@tvm/core/audit/archive/make-digests.ts';
import { DIGESTS, digestKey, EVENTS, HOUR } from '@tvm/core/audit/archive/names.ts';
import { type VerifyArchiveInput, verifyArchive } from '@tvm/core/audit/archive/verify-archive.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inMemoryAdopted, inMemoryArchive } from '#test/fakes/in-memory-archive.ts';
import { localKeys } from '#test/fakes/local-keys.ts';
import { archivedEvent, archiveOf, NOON } from '#test/support/archived-events.ts';

const { signer, keys } = await localKeys();
const jwks = await keys.jwks();
const HOURS = 4;
const END = NOON + HOURS * HOUR;

const whole = await archiveOf(HOURS);
for (let hour = 1; hour <= HOURS; hour++)
  await makeDigests({ now: NOON + hour * HOUR }, { objects: whole, signer, keys });
const firstDigest = (await findFirstDigest(whole, jwks)) as NamedDigest;
const names = [...whole.content.keys()].sort();
const objectNames = names.filter((name) => name.startsWith(EVENTS));
const digestNames = names.filter((name) => name.startsWith(DIGESTS));

/** Verifies a modified copy of the archive. */
async function verify(meddle: (content: Map<string, Uint8Array>) => void, input: Partial<VerifyArchiveInput> = {}) {
  const content = new Map(whole.content);
  meddle(content);
  const findings: Finding[] = [];
  const found = (finding: Finding) => findings.push(finding);
  const archive = inMemoryArchive(content);
  const result = await verifyArchive({ archive, jwks, firstDigest, to: END, now: END + 3 * HOUR, found, ...input });
  expect(result.findings).toBe(findings.length);
  return { ...result, list: findings };
}

const linesIn = (key: string) =>
  Buffer.from(whole.content.get(key) ?? [])
    .toString()
    .split('\n')
    .slice(0, -1);
const withLines = (lines: string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(''));
const eventIn = (line = '') => JSON.parse(line).eventId;
const [object = '', ...otherObjects] = objectNames;

it('finds nothing in an unchanged archive', async () => {
  const classes = { vouched: 8, pending: 0, added: 0 };
  const result = await verify(() => {});
  expect(result).toMatchObject({ digests: 4, objects: 8, records: 32, uncovered: 0, classes, notJudged: [], list: [] });
});

it('reports that a restart of the chain was not checked if the first digest is unknown', async () => {
  const { notJudged, list } = await verify(() => {}, { firstDigest: undefined });
  expect(list).toEqual([]);
  expect(notJudged).toEqual([expect.stringMatching(/restarted.*`tvm audit keys`/)]);
});

describe('every modification is found and located', () => {
  it('a changed byte, anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (name, place, flip) => {
          const { list } = await verify((content) => {
            const bytes = Uint8Array.from(content.get(name) ?? []);
            const at = place % bytes.length;
            bytes[at] = (bytes[at] ?? 0) ^ flip;
            content.set(name, bytes);
          });
          expect(list.map(({ key }) => key)).toContain(name);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('a changed record: the line and its event', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...objectNames), fc.nat({ max: 3 }), async (name, nth) => {
        const lines = linesIn(name);
        const eventId = eventIn(lines[nth]);
        lines[nth] = lines[nth]?.replace(/"time":"2026/, '"time":"2025') ?? '';
        const { list } = await verify((content) => content.set(name, withLines(lines)));
        expect(list).toMatchObject([{ kind: 'record-changed', key: name, line: nth + 1, eventId }]);
      }),
    );
  });

  it('a removed record: its position', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...objectNames), fc.nat({ max: 3 }), async (name, nth) => {
        const lines = linesIn(name).filter((_, index) => index !== nth);
        const { list } = await verify((content) => content.set(name, withLines(lines)));
        expect(list).toMatchObject([{ kind: 'record-removed', key: name, line: nth + 1 }]);
      }),
    );
  });

  it('an added record: the line and its event, with or without a chain', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...objectNames),
        fc.nat({ max: 4 }),
        fc.constantFrom('plain', 'chained', 'twice', 'empty'),
        async (name, nth, how) => {
          const lines = linesIn(name);
          const { record } = archivedEvent('forged', NOON);
          const [plain = ''] = writeLines(name, [record]).split('\n');
          const before = nth === 0 ? sha256(name) : JSON.parse(lines[nth - 1] ?? '').chain;
          const body = JSON.stringify(record);
          const chained = `${body.slice(0, -1)},"chain":"${sha256(`${before}\n${body}`)}"}`;
          const added = {
            plain: nth === 0 ? `${plain} ` : plain,
            chained,
            twice: lines[(nth + 2) % 4] ?? '',
            empty: '',
          }[how];
          lines.splice(nth, 0, added);
          const { list } = await verify((content) => content.set(name, withLines(lines)));
          expect(list.length).toBeGreaterThan(0);
          expect(list[0]).toMatchObject({ key: name });
          if (how === 'twice') expect(list.map(({ kind }) => kind)).toContain('record-added');
          else expect(list).toMatchObject([{ kind: 'record-added', line: nth + 1 }]);
          if (how === 'plain' || how === 'chained') expect(list[0]?.eventId).toBe('forged');
        },
      ),
    );
  });

  it('records in another order: one of them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...objectNames), fc.nat({ max: 2 }), async (name, nth) => {
        const lines = linesIn(name);
        const [one = '', other = ''] = lines.splice(nth, 2);
        lines.splice(nth, 0, other, one);
        const { list } = await verify((content) => content.set(name, withLines(lines)));
        expect(list).toMatchObject([
          { kind: 'record-out-of-place', key: name, line: nth + 1, eventId: eventIn(other) },
        ]);
      }),
    );
  });

  it('a changed record with a recomputed chain: the object', async () => {
    const records = linesIn(object).map((line) => {
      const { chain, ...record } = JSON.parse(line);
      return { ...record, time: '2020-01-01T00:00:00.000Z' };
    });
    const { list } = await verify((content) => content.set(object, Buffer.from(writeLines(object, records))));
    expect(list).toMatchObject([{ kind: 'object-changed', key: object }]);
  });

  it('an object that is removed, added or replaced by another', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...objectNames), fc.constantFrom(...objectNames), async (name, other) => {
        expect((await verify((content) => content.delete(name))).list).toMatchObject([
          { kind: 'object-removed', key: name },
        ]);
        const copy = name.replace('event-', 'forged-');
        const content = whole.content.get(name) ?? new Uint8Array();
        expect((await verify((archive) => archive.set(copy, content))).list).toMatchObject([
          { kind: 'object-added', key: copy },
        ]);
        if (name === other) return;
        const { list } = await verify((archive) => archive.set(other, content));
        expect(list.map(({ key }) => key)).toEqual(list.map(() => other));
        expect(list.length).toBeGreaterThan(0);
      }),
    );
  });

  it('an object with an invalid name', async () => {
    const key = `${EVENTS}dt=2026-11-22/notes.txt`;
    const { list } = await verify((content) => content.set(key, Buffer.from('x')));
    expect(list).toMatchObject([{ kind: 'object-added', key }]);
  });

  it('a missing digest: its objects are pending if it was the last, and otherwise not vouched for', async () => {
    for (const [nth, name] of digestNames.entries()) {
      const { list, classes } = await verify((content) => content.delete(name));
      const named = objectNames.slice(2 * nth, 2 * nth + 2);
      const isLast = name === digestNames.at(-1);
      expect(list).toMatchObject([
        { kind: 'digest-missing', key: name },
        ...(isLast ? [] : named.map((key) => ({ kind: 'object-added', key }))),
      ]);
      expect(classes).toEqual({ vouched: 6, pending: isLast ? 2 : 0, added: isLast ? 0 : 2 });
    }
  });

  it('a digest without a signature by the key', async () => {
    const others = await localKeys();
    const forged = inMemoryArchive(new Map([...whole.content].filter(([key]) => key.startsWith(EVENTS))));
    for (let hour = 1; hour <= HOURS; hour++) {
      await makeDigests({ now: NOON + hour * HOUR }, { objects: forged, signer: others.signer, keys: others.keys });
    }
    for (const name of digestNames) {
      for (const bytes of [forged.content.get(name), Buffer.from('{}')]) {
        const { list } = await verify((content) => content.set(name, bytes ?? new Uint8Array()));
        expect(list[0]).toMatchObject({ kind: 'digest-unsigned', key: name });
      }
    }
  });

  it('a copy of a digest under another name', async () => {
    const [name = ''] = digestNames;
    const copy = name.replace('T12', 'T11');
    const { list } = await verify((content) => content.set(copy, content.get(name) ?? new Uint8Array()));
    expect(list).toMatchObject([{ kind: 'digest-added', key: copy }]);
  });

  it('digests of two different chains, each signed', async () => {
    const other = inMemoryArchive();
    for (let hour = 1; hour <= HOURS; hour++) {
      await makeDigests({ now: NOON + hour * HOUR }, { objects: other, signer, keys });
    }
    const [, name = '', next] = digestNames;
    const { list } = await verify((content) => content.set(name, other.content.get(name) ?? new Uint8Array()));
    expect(list.map(({ kind, key }) => [kind, key])).toEqual(
      expect.arrayContaining([
        ['digest-changed', digestNames[0]],
        ['digest-changed', name],
      ]),
    );
    expect(next).toBeDefined();
  });

  it('an archive whose end is missing, and an empty archive', async () => {
    const cut = await verify((content) => {
      for (const name of names)
        if (name >= 'digests/dt=2026-11-22/2026-11-22T14' && name < EVENTS) content.delete(name);
    });
    expect(cut.list).toMatchObject([{ kind: 'digest-missing', key: digestNames[2] }]);
    expect(cut.uncovered).toBe(4);
    expect((await verify((content) => content.clear())).list).toMatchObject([
      { kind: 'digest-missing', key: digestNames[0] },
      { kind: 'digest-missing', key: DIGESTS },
    ]);
  });
});

describe('the verified period', () => {
  it('excludes the content of objects outside it', async () => {
    const part = { from: NOON + HOUR, to: NOON + 2 * HOUR - 1 };
    const [, , second = ''] = objectNames;
    expect(second).toContain('hour=13');
    const { list, objects } = await verify((content) => {
      for (const name of otherObjects) if (!name.includes('hour=13')) content.delete(name);
    }, part);
    expect([objects, list]).toEqual([2, []]);
    expect((await verify((content) => content.delete(second), part)).list).toMatchObject([
      { kind: 'object-removed', key: second },
    ]);
  });

  it('includes missing objects that are dated in it or that one of its digests covers', async () => {
    const objects = await archiveOf(1);
    for (let hour = 1; hour <= 5; hour++) await makeDigests({ now: NOON + hour * HOUR }, { objects, signer, keys });
    const adopted = inMemoryAdopted();
    await archiveBatch([archivedEvent('late', NOON + HOUR + 1)], { objects, adopted });
    await makeDigests({ now: NOON + 6 * HOUR }, { objects, signer, keys });
    const late = [...objects.content.keys()].find((key) => key.includes('late')) ?? '';
    objects.content.delete(late);
    const findings = async (from: number, to: number) => {
      const list: Finding[] = [];
      const found = (finding: Finding) => list.push(finding);
      await verifyArchive({ archive: objects, jwks, from: NOON + from * HOUR, to: NOON + to * HOUR, now: END, found });
      return list.map(({ kind, key }) => [kind, key]);
    };
    const missing = [['object-removed', late]];
    expect(await findings(1, 2)).toEqual(missing);
    expect(await findings(5, 6)).toEqual(missing);
    expect(await findings(3, 4)).toEqual([]);
  });

  it('includes changes of objects of up to 26 hours before or after it, which may contain its events', async () => {
    const lines = linesIn(object).map((line) => line.replace('"time":"2026', '"time":"2025'));
    for (const window of [{ from: NOON + 3 * HOUR }, { from: NOON + 25 * HOUR, to: NOON + 26 * HOUR }]) {
      const { list } = await verify((content) => content.set(object, withLines(lines)), window);
      expect(list).toContainEqual(expect.objectContaining({ kind: 'record-changed', key: object }));
    }
    const beyond = await verify((content) => content.set(object, withLines(lines)), { from: NOON + 27 * HOUR });
    expect(beyond.list.map(({ kind }) => kind)).toEqual(['digest-missing']);
  });

  it('counts objects that are newer than the last digest without a finding', async () => {
    const newer = archivedEvent('newer', END + 60_000);
    const content = new Map(whole.content);
    await archiveBatch([newer], { objects: inMemoryArchive(content), adopted: inMemoryAdopted() });
    const now = END + 2 * 60_000;
    const result = await verify(() => {}, { archive: inMemoryArchive(content), to: now, now });
    expect(result).toMatchObject({ uncovered: 1, list: [], covered: { to: new Date(END).toISOString() } });
  });

  it('includes a check of the chain of objects that are newer than the last digest', async () => {
    const at = END + 60_000;
    const events = ['newer-0', 'newer-1', 'newer-2'].map((eventId) => archivedEvent(eventId, at));
    const content = new Map(whole.content);
    await archiveBatch(events, { objects: inMemoryArchive(content), adopted: inMemoryAdopted() });
    const [newer = ''] = [...content.keys()].filter((key) => !whole.content.has(key));
    const [first = '', second = '', third = ''] = Buffer.from(content.get(newer) ?? [])
      .toString()
      .split('\n');
    const now = END + 2 * 60_000;
    const meddled = (bytes: Uint8Array) =>
      verify(() => {}, { archive: inMemoryArchive(new Map([...content, [newer, bytes]])), to: now, now });
    expect(await meddled(withLines([first, second, third]))).toMatchObject({ uncovered: 1, list: [] });
    const changed = second.replace(/"time":"2026/, '"time":"2025');
    expect(await meddled(withLines([first, changed, third]))).toMatchObject({
      uncovered: 1,
      list: [{ kind: 'record-changed', key: newer, line: 2, eventId: 'newer-1' }],
    });
    expect((await meddled(withLines([first, third]))).list).toMatchObject([
      { key: newer, line: 2, eventId: 'newer-2' },
    ]);
    expect((await meddled(withLines([second, third]))).list).toMatchObject([{ key: newer, line: 1 }]);
    expect((await meddled(withLines([]))).list).toMatchObject([{ kind: 'object-changed', key: newer }]);
  });

  it('has a finding for a late object until a digest covers it', async () => {
    const objects = inMemoryArchive(new Map(whole.content));
    await archiveBatch([archivedEvent('late', NOON + 2 * HOUR)], { objects, adopted: inMemoryAdopted() });
    const late = [...objects.content.keys()].find((key) => key.includes('late'));
    const now = END + HOUR + 10 * 60_000;
    const before = await verify(() => {}, { archive: objects, to: now, now });
    expect(before.list).toMatchObject([{ kind: 'object-added', key: late }]);
    await makeDigests({ now }, { objects, signer, keys });
    expect((await verify(() => {}, { archive: objects, to: now, now })).list).toEqual([]);
  });

  it('treats an object that arrives just after sealNow as pending, not as late', async () => {
    const objects = inMemoryArchive(new Map(whole.content));
    const sealed = END + 20 * 60_000;
    await makeDigests({ now: sealed, sealNow: true }, { objects, signer, keys });
    await archiveBatch([archivedEvent('on-its-way', sealed - 70_000)], { objects, adopted: inMemoryAdopted() });
    const now = sealed + 60_000;
    expect(await verify(() => {}, { archive: objects, to: now, now })).toMatchObject({
      list: [],
      classes: { vouched: 8, pending: 1, added: 0 },
    });
  });

  it('treats only recent objects as pending if there is no digest yet', async () => {
    const objects = await archiveOf(2);
    const now = NOON + HOUR + 10 * 60_000;
    const { classes, list } = await verify(() => {}, { archive: objects, to: now, now, firstDigest: undefined });
    expect(classes).toEqual({ vouched: 0, pending: 4, added: 0 });
    expect(list).toMatchObject([{ kind: 'digest-missing', key: DIGESTS }]);
    const later = now + 10 * 60_000;
    const old = await verify(() => {}, { archive: objects, to: later, now: later, firstDigest: undefined });
    expect(old.classes).toEqual({ vouched: 0, pending: 3, added: 1 });
  });

  it('has a finding if the last digest is overdue', async () => {
    const now = END + 2 * HOUR;
    const { list } = await verify(() => {}, { to: now, now });
    expect(list).toMatchObject([{ kind: 'digest-missing' }]);
    expect(list[0]?.what).toContain(new Date(END).toISOString());
  });

  it('has a finding as soon as an expected digest is missing', async () => {
    const now = END + 6 * 60_000;
    const last = digestNames.at(-1) ?? '';
    const cut = (expectDigestWithin?: number) =>
      verify((content) => content.delete(last), { to: now, now, expectDigestWithin });
    expect((await cut()).list).toEqual([]);
    expect((await cut(65 * 60_000)).list).toMatchObject([{ kind: 'digest-missing', key: last }]);
    expect((await verify(() => {}, { to: now, now, expectDigestWithin: 65 * 60_000 })).list).toEqual([]);
    const past = await verify(() => {}, { to: NOON + HOUR, now: END + 3 * HOUR, expectDigestWithin: HOUR });
    expect(past.list).toMatchObject([{ kind: 'digest-missing', key: digestKey(END) }]);
  });
});
