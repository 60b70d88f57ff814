import { gzipSync } from 'node:zlib';
import type { AuditDigest, NamedDigest } from '@tvm/contract/audit-digest.ts';
import { archiveBatch } from '@tvm/core/audit/archive/archive-batch.ts';
import { sha256, writeLines } from '@tvm/core/audit/archive/chain.ts';
import type { Finding } from '@tvm/core/audit/archive/check-object.ts';
import { findFirstDigest } from '@tvm/core/audit/archive/digest-chain.ts';
import { makeDigests } from '@tvm/core/audit/archive/make-digests.ts';
import { DIGESTS, digestKey, EVENTS, eventsKey, firstEventAt, HOUR } from '@tvm/core/audit/archive/names.ts';
import { readEvents } from '@tvm/core/audit/archive/read-events.ts';
import { type VerifyArchiveInput, verifyArchive } from '@tvm/core/audit/archive/verify-archive.ts';
import { signedJws } from '@tvm/core/keys/jws.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inMemoryAdopted, inMemoryArchive } from '#test/fakes/in-memory-archive.ts';
import { localKeys } from '#test/fakes/local-keys.ts';
import { archivedEvent, NOON } from '#test/support/archived-events.ts';

const MINUTE = 60_000;
const DAY = 24 * HOUR;
const HOURS = 30;
const END = NOON + HOURS * HOUR;
const NOW = END + 10 * MINUTE;
const { signer, keys } = await localKeys();
const jwks = await keys.jwks();

type Content = Map<string, Uint8Array>;

/**
 * An archive of more than a day: one object per hour, a late object, a digest with `sealNow`, and two objects that no
 * digest covers yet.
 */
async function archiveOfOverADay() {
  const objects = inMemoryArchive();
  const adopted = inMemoryAdopted();
  const archive = (id: string, at: number) => {
    const events = [0, 1, 2].map((nth) => archivedEvent(`${id}-${nth}`, at + nth * 1_000, nth));
    return archiveBatch(events, { objects, adopted });
  };
  for (let hour = 0; hour < HOURS; hour++) {
    const start = NOON + hour * HOUR;
    await archive(`hour-${hour}`, start + 5 * MINUTE);
    if (hour === 6) await archive('late', NOON + 3 * HOUR + 30 * MINUTE);
    if (hour === 10) await makeDigests({ now: start + 20 * MINUTE, sealNow: true }, { objects, signer, keys });
    await makeDigests({ now: start + HOUR + 5 * MINUTE }, { objects, signer, keys });
  }
  await archive('pending-a', END + MINUTE);
  await archive('pending-b', END + 7 * MINUTE);
  return objects;
}

const whole = await archiveOfOverADay();
const firstDigest = (await findFirstDigest(whole, jwks)) as NamedDigest;
const names = [...whole.content.keys()].sort();
const objectNames = names.filter((key) => key.startsWith(EVENTS));
const pendingNames = objectNames.slice(-2);
const vouchedNames = objectNames.slice(0, -2);
const digestNames = names.filter((key) => key.startsWith(DIGESTS));

const bytesOf = (key: string) => whole.content.get(key) ?? new Uint8Array();
const textOf = (key: string) => Buffer.from(bytesOf(key)).toString();
const linesOf = (key: string) => textOf(key).split('\n').slice(0, -1);
const eventIdsOf = (key: string): string[] => linesOf(key).map((line) => JSON.parse(line).eventId);
const digestIn = (key: string): AuditDigest =>
  JSON.parse(Buffer.from(textOf(key).split('.')[1] ?? '', 'base64url').toString());
const namedIn = (key: string) => digestIn(key).objects.map((object) => object.key);
const withLines = (lines: readonly string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(''));

/** The classes of the events in the unchanged archive, by event ID. */
const shownAtFirst = new Map(
  objectNames.flatMap((key) =>
    linesOf(key).map((line) => {
      const { chain, ...record } = JSON.parse(line);
      return [record.eventId, { record, class: pendingNames.includes(key) ? 'pending' : 'vouched' }] as const;
    }),
  ),
);

interface Window {
  from?: number;
  to?: number;
}

async function verify(content: Content, input: Partial<VerifyArchiveInput> = {}) {
  const findings: Finding[] = [];
  const archive = inMemoryArchive(content);
  const found = (finding: Finding) => findings.push(finding);
  const result = await verifyArchive({ archive, jwks, firstDigest, to: NOW, now: NOW, ...input, found });
  return { ...result, list: findings, pairs: pairsOf(findings) };
}

async function query(content: Content, window: Window = {}) {
  const findings: Finding[] = [];
  const archive = inMemoryArchive(content);
  const shown = new Map<string, { record: object; class: string }>();
  const found = (finding: Finding) => findings.push(finding);
  for await (const event of readEvents({ archive, keys: { jwks, firstDigest }, filter: window, now: NOW, found })) {
    expect(shown.has(event.record.eventId), `${event.record.eventId} is shown twice`).toBe(false);
    shown.set(event.record.eventId, event);
  }
  return { shown, pairs: pairsOf(findings) };
}

/** Findings by kind and name, without duplicates, because one object may have a finding for each line. */
const pairsOf = (findings: readonly Finding[]) =>
  [...new Set(findings.map(({ kind, key }) => `${kind} ${key}`))].sort();

type Pick = <T>(from: readonly T[]) => T;

/** The expected results of tampering. */
interface Expected {
  /** Findings of verify, as kind and name. `object` stands for any finding about the content of an object. */
  finds: [kind: Finding['kind'] | 'object', key: string][];
  /** Objects whose events are not shown. */
  hidden?: readonly string[];
  /** Objects whose events are shown as pending although they were vouched for before. */
  pending?: readonly string[];
}

type Tampering = (content: Content, pick: Pick) => Expected | Promise<Expected>;

const CONTENT_FINDINGS = /^(object-changed|record-changed|record-removed|record-added|record-out-of-place) /;

/** Tampering with the content of an object that a digest covers. */
const changes =
  (change: (key: string, pick: Pick) => Uint8Array): Tampering =>
  (content, pick) => {
    const key = pick(vouchedNames);
    content.set(key, change(key, pick));
    return { finds: [['object', key]], hidden: [key] };
  };

/** The events of an added object. */
const forged = (at: number, ...times: number[]) =>
  [at, ...times].map((time, nth) => ({ ...archivedEvent(`forged-${nth}`, time, nth).record }));

/** Tampering that adds an object with a valid chain. */
const adds =
  (keyFor: (pick: Pick) => string, records = (key: string): object[] => forged(firstEventAt(key) ?? NOON)): Tampering =>
  (content, pick) => {
    const key = keyFor(pick);
    expect(content.has(key)).toBe(false);
    content.set(key, Buffer.from(writeLines(key, records(key))));
    return { finds: [['object-added', key]] };
  };
const addsAt = (at: number, ...more: number[]) =>
  adds(
    () => eventsKey({ at, eventId: 'forged-0' }),
    () => forged(at, ...more),
  );

/** Signs a digest like the service. */
async function sign(content: Content, digest: Omit<AuditDigest, 'version'>, by = signer): Promise<NamedDigest> {
  const jws = await signedJws(by, 'audit-digest+jwt', { version: '1', ...digest });
  const key = digestKey(Date.parse(digest.from));
  content.set(key, Buffer.from(jws));
  return { key, sha256: sha256(jws) };
}

const KINDS: Record<string, Tampering> = {
  'a byte changed in an object': (content, pick) => {
    const key = pick(objectNames);
    const bytes = Uint8Array.from(bytesOf(key));
    const at = pick([...bytes.keys()]);
    bytes[at] = (bytes[at] ?? 0) ^ pick([1, 2, 16, 64, 128, 255]);
    content.set(key, bytes);
    return { finds: [['object', key]], hidden: [key] };
  },
  'a record changed': changes((key, pick) => {
    const lines = linesOf(key);
    const nth = pick([...lines.keys()]);
    return withLines(lines.with(nth, lines[nth]?.replace('"time":"2026', '"time":"2025') ?? ''));
  }),
  'a record removed': changes((key, pick) => {
    const lines = linesOf(key);
    return withLines(lines.toSpliced(pick([...lines.keys()]), 1));
  }),
  'a record added, without a chain': changes((key, pick) =>
    withLines(linesOf(key).toSpliced(pick([0, 1, 2, 3]), 0, JSON.stringify(forged(NOON)[0]))),
  ),
  'a record added, with a chain': changes((key, pick) => {
    const lines = linesOf(key);
    const nth = pick([0, 1, 2, 3]);
    const before = nth === 0 ? sha256(key) : JSON.parse(lines[nth - 1] ?? '').chain;
    const body = JSON.stringify(forged(NOON)[0]);
    return withLines(lines.toSpliced(nth, 0, `${body.slice(0, -1)},"chain":"${sha256(`${before}\n${body}`)}"}`));
  }),
  'a record repeated in its object': changes((key, pick) => {
    const lines = linesOf(key);
    return withLines(lines.toSpliced(pick([0, 1, 2, 3]), 0, pick(lines)));
  }),
  'a record of another object repeated': changes((key, pick) => {
    const other = pick(vouchedNames.filter((name) => name !== key));
    return withLines([...linesOf(key), pick(linesOf(other))]);
  }),
  'records in another order': changes((key) => withLines(linesOf(key).toReversed())),
  'a changed record with a recomputed chain': changes((key) =>
    Buffer.from(writeLines(key, forged(firstEventAt(key) ?? 0, NOON, NOON))),
  ),
  'the last line cut': changes((key, pick) => bytesOf(key).slice(0, -pick([1, 2, 10, 70]))),
  'bytes after the last line': changes((key, pick) => Buffer.from(textOf(key) + pick(['x', '\n', '{}\n', '\0']))),
  'a byte order mark': changes((key) => Buffer.from(`\uFEFF${textOf(key)}`)),
  'different line breaks': changes((key) => Buffer.from(textOf(key).replaceAll('\n', '\r\n'))),
  'an object emptied': changes(() => new Uint8Array()),
  'an object compressed': changes((key) => gzipSync(bytesOf(key))),
  'an object replaced by text': changes(() => Buffer.from('nothing to see here\n')),
  'an object replaced by another': changes((key, pick) => bytesOf(pick(vouchedNames.filter((name) => name !== key)))),
  'two objects swapped': (content, pick) => {
    const one = pick(vouchedNames);
    const other = pick(vouchedNames.filter((name) => name !== one));
    content.set(one, bytesOf(other)).set(other, bytesOf(one));
    return { finds: [one, other].map((key) => ['object', key]), hidden: [one, other] };
  },
  'an object removed': (content, pick) => {
    const key = pick(vouchedNames);
    content.delete(key);
    return { finds: [['object-removed', key]], hidden: [key] };
  },
  'an object moved': (content, pick) => {
    const key = pick(vouchedNames);
    const to = pick([
      key.replace('-hour', '-moved').replace('-late', '-moved'),
      key.replace(/dt=2026-11/, 'dt=2026-10'),
      key.replace('/hour=', '/more/hour='),
      `${key}.bak`,
      eventsKey({ at: END + 2 * MINUTE, eventId: eventIdsOf(key)[0] ?? '' }),
    ]);
    content.delete(key);
    content.set(to, bytesOf(key));
    const isPending = (firstEventAt(to) ?? 0) >= END;
    return {
      finds: [
        ['object-removed', key],
        [isPending ? 'object' : 'object-added', to],
      ],
      hidden: [key],
    };
  },

  'an object added between others': adds((pick) =>
    eventsKey({ at: NOON + pick([0, 1, 11, 28]) * HOUR + pick([0, 1, 1_800_000]), eventId: 'forged-0' }),
  ),
  'an object added with the time of another': adds((pick) =>
    eventsKey({ at: firstEventAt(pick(vouchedNames)) ?? 0, eventId: 'forged-0' }),
  ),
  'an object added before the first digest': addsAt(NOON - 2 * HOUR),
  'an object dated years ago': addsAt(Date.UTC(2001, 0, 1)),
  'an object dated five minutes before the last digest’s end': addsAt(END - 5 * MINUTE),
  'an object dated just before the last digest’s end': addsAt(END - 1),
  'an object dated in the next hour': addsAt(NOW + 6 * MINUTE),
  'an object dated tomorrow': addsAt(NOW + DAY),
  'an object dated in the year 9999': addsAt(Date.UTC(9999, 11, 31)),
  'an added object with a record of the next day': addsAt(NOON + 2 * HOUR, NOON + 25 * HOUR),
  'an object with an invalid name': adds((pick) =>
    pick([
      EVENTS,
      `${EVENTS}dt=2026-11-22/`,
      `${EVENTS}dt=2026-11-22/hour=12/notes.txt`,
      `${EVENTS}dt=2026-11-22/hour=12/2026-11-22T120500.000Z-forged-0.ndjson.gz`,
      `${EVENTS}dt=2026-11-22/hour=12/2026-11-22T120500.000Z-forged-0.json`,
      `${EVENTS}dt=2026-11-22/hour=12/more/2026-11-22T120500.000Z-forged-0.ndjson`,
      `${EVENTS}dt=2026-11-22/hour=13/2026-11-22T120500.000Z-forged-0.ndjson`,
      `${EVENTS}dt=2026-11-22/hour=12/2026-11-23T120500.000Z-forged-0.ndjson`,
      `${EVENTS}dt=2026-11-31/hour=12/2026-11-31T120500.000Z-forged-0.ndjson`,
      `${EVENTS}dt=2026-11-22/hour=24/2026-11-22T240000.000Z-forged-0.ndjson`,
      `${EVENTS}DT=2026-11-22/hour=12/2026-11-22T120500.000Z-forged-0.ndjson`,
      `${EVENTS}2026-11-22T120500.000Z-forged-0.ndjson`,
      `${EVENTS}~`,
    ]),
  ),
  'a pending object with a name that does not match its first event': adds(
    () => eventsKey({ at: END + 2 * MINUTE, eventId: 'another' }),
    () => forged(END + 2 * MINUTE),
  ),
  'a pending object with a record from the future': addsAt(END + 2 * MINUTE, NOW + 6 * MINUTE),
  'a pending object with invalid records': adds(
    () => eventsKey({ at: END + 2 * MINUTE, eventId: 'forged-0' }),
    () => [{ eventId: 'forged-0', time: new Date(END).toISOString() }],
  ),
  'a pending object that the archiver did not write': (content, pick) => {
    const key = eventsKey({ at: END + 2 * MINUTE, eventId: 'forged-0' });
    content.set(key, pick([new Uint8Array(), gzipSync('x'), Buffer.from('x\n'), Buffer.from('{}\n')]));
    return { finds: [['object', key]] };
  },

  'a digest removed at the start': (content) => {
    content.delete(firstDigest.key);
    const named = namedIn(firstDigest.key);
    return { finds: [['digest-missing', firstDigest.key], ...added(named)], hidden: named };
  },
  'a digest removed in the middle': (content, pick) => {
    const key = pick(digestNames.slice(1, -1));
    content.delete(key);
    return { finds: [['digest-missing', key], ...added(namedIn(key))], hidden: namedIn(key) };
  },
  'two digests removed in the middle': (content, pick) => {
    const nth = pick([...digestNames.keys()].slice(1, -2));
    const [one = '', other = ''] = digestNames.slice(nth, nth + 2);
    content.delete(one);
    content.delete(other);
    const named = [one, other].flatMap(namedIn);
    return { finds: [['digest-missing', other], ...added(named)], hidden: named };
  },
  'several digests removed at the end': (content, pick) => {
    const removed = digestNames.slice(-pick([2, 3, 12]));
    for (const key of removed) content.delete(key);
    return { finds: [['digest-missing', removed[0] ?? '']], pending: removed.flatMap(namedIn) };
  },
  'every digest removed': (content) => {
    for (const key of digestNames) content.delete(key);
    return {
      finds: [['digest-missing', firstDigest.key], ['digest-missing', DIGESTS], ...added(objectNames)],
      hidden: objectNames,
    };
  },
  'an emptied archive': (content) => {
    content.clear();
    return {
      finds: [
        ['digest-missing', firstDigest.key],
        ['digest-missing', DIGESTS],
      ],
      hidden: objectNames,
    };
  },
  'a byte changed in a digest': (content, pick) => {
    const key = pick(digestNames.slice(0, -1));
    const bytes = Uint8Array.from(bytesOf(key));
    const at = pick([...bytes.keys()]);
    bytes[at] = (bytes[at] ?? 0) ^ pick([1, 2, 16, 64, 128, 255]);
    content.set(key, bytes);
    return { finds: [['digest-unsigned', key], ...added(namedIn(key))], hidden: namedIn(key) };
  },
  'a digest replaced by something else': (content, pick) => {
    const key = pick(digestNames.slice(0, -1));
    content.set(
      key,
      pick([new Uint8Array(), Buffer.from('{}'), gzipSync(bytesOf(key)), bytesOf(objectNames[0] ?? '')]),
    );
    return { finds: [['digest-unsigned', key], ...added(namedIn(key))], hidden: namedIn(key) };
  },
  'a digest signed with another key': async (content, pick) => {
    const key = pick(digestNames.slice(0, -1));
    await sign(content, digestIn(key), (await localKeys()).signer);
    return { finds: [['digest-unsigned', key], ...added(namedIn(key))], hidden: namedIn(key) };
  },
  'a token instead of a digest': async (content, pick) => {
    const key = pick(digestNames.slice(0, -1));
    content.set(key, Buffer.from(await signedJws(signer, 'at+jwt', digestIn(key))));
    return { finds: [['digest-unsigned', key], ...added(namedIn(key))], hidden: namedIn(key) };
  },
  'a copy of a digest under another name': (content, pick) => {
    const key = pick(digestNames);
    const copy = pick([key.replace('.jws', '-copy.jws'), key.replace('2026-11', '2027-11'), `${DIGESTS}more/copy.jws`]);
    content.set(copy, bytesOf(key));
    return { finds: [['digest-added', copy]] };
  },
  'something else among the digests': (content, pick) => {
    const key = `${DIGESTS}${pick(['0', 'dt=2026-11-23/notes.txt', '~'])}`;
    content.set(key, Buffer.from('x'));
    return { finds: [['digest-unsigned', key]] };
  },
  'two digests swapped': (content, pick) => {
    const nth = pick([...digestNames.keys()].slice(1, -2));
    const [one = '', other = ''] = [digestNames[nth], digestNames[nth + 1]];
    content.set(one, bytesOf(other)).set(other, bytesOf(one));
    const named = [one, other].flatMap(namedIn);
    return {
      finds: [['digest-added', one], ['digest-added', other], ['digest-changed', other], ...added(named)],
      hidden: named,
    };
  },
  'a digest of another archive, signed with its own key': async (content, pick) => {
    const key = pick(digestNames.slice(1, -1));
    const other = inMemoryArchive();
    const others = await localKeys();
    await makeDigests({ now: Date.parse(digestIn(key).from) }, { objects: other, ...others });
    await makeDigests({ now: Date.parse(digestIn(key).to) }, { objects: other, ...others });
    content.set(key, other.content.get(key) ?? Buffer.from('of another archive'));
    return { finds: [['digest-unsigned', key], ...added(namedIn(key))], hidden: namedIn(key) };
  },
  'a digest of another archive, signed with the same key': async (content, pick) => {
    const nth = pick([...digestNames.keys()].slice(1, -1));
    const [before = '', key = ''] = digestNames.slice(nth - 1, nth + 1);
    await sign(content, { ...digestIn(key), previous: { key: before, sha256: sha256('another') }, objects: [] });
    return {
      finds: [['digest-changed', before], ['digest-changed', key], ...added(namedIn(key))],
      hidden: namedIn(key),
    };
  },
  'the first digest replaced by another that is signed': async (content) => {
    await sign(content, { ...digestIn(firstDigest.key), objects: [] });
    const named = namedIn(firstDigest.key);
    return { finds: [['digest-changed', firstDigest.key], ...added(named)], hidden: named };
  },
  'a digest before the first': async (content, pick) => {
    const start = NOON - pick([1, 5]) * HOUR;
    const previous = pick([null, { key: digestKey(start - HOUR), sha256: sha256('before') }]);
    const [from, to] = [start, start + HOUR].map((time) => new Date(time).toISOString());
    const { key } = await sign(content, { from: from ?? '', to: to ?? '', previous, objects: [] });
    return { finds: [['digest-added', key]] };
  },
  'the chain restarted, without the old digests': async (content) => {
    for (const key of digestNames) content.delete(key);
    const objects = inMemoryArchive(content);
    for (const now of [END - HOUR, END, END + 5 * MINUTE]) await makeDigests({ now }, { objects, signer, keys });
    const [restart = ''] = [...content.keys()].filter((key) => key.startsWith(DIGESTS)).sort();
    return {
      finds: [
        ['digest-added', restart],
        ['digest-missing', firstDigest.key],
        ['digest-missing', DIGESTS],
        ...added(objectNames),
      ],
      hidden: objectNames,
    };
  },
  'the chain restarted after some of the old digests': async (content, pick) => {
    const nth = pick([...digestNames.keys()].slice(2, -3));
    let previous: NamedDigest | null = null;
    for (const key of digestNames.slice(nth)) previous = await sign(content, { ...digestIn(key), previous });
    const restart = digestNames[nth] ?? '';
    const replaced = digestNames.slice(nth).flatMap(namedIn);
    const { from } = digestIn(restart);
    const late = replaced.filter((key) => (firstEventAt(key) ?? 0) < Date.parse(from));
    return {
      finds: [['digest-added', restart], ['digest-missing', restart], ...added(late)],
      hidden: late,
      pending: replaced.filter((key) => !late.includes(key)),
    };
  },
  'the chain restarted, with a gap after the restart': async (content) => {
    const nth = 4;
    let previous: NamedDigest | null = null;
    for (const key of digestNames.slice(nth)) previous = await sign(content, { ...digestIn(key), previous });
    content.delete(digestNames[nth + 1] ?? '');
    const [restart = ''] = digestNames.slice(nth);
    const replaced = digestNames.slice(nth).flatMap(namedIn);
    const late = replaced.filter((key) => (firstEventAt(key) ?? 0) < Date.parse(digestIn(restart).from));
    return {
      finds: [['digest-added', restart], ['digest-missing', restart], ...added(late)],
      hidden: late,
      pending: replaced.filter((key) => !late.includes(key)),
    };
  },
};

function added(keys: readonly string[]): ['object-added', string][] {
  return keys.map((key) => ['object-added', key]);
}

/** Expects exactly the given findings. */
function expectFindings(pairs: readonly string[], finds: Expected['finds']) {
  const expected = finds.map(([kind, key]) => ({
    key,
    isMet: (pair: string) =>
      pair.endsWith(` ${key}`) && (kind === 'object' ? CONTENT_FINDINGS.test(pair) : pair === `${kind} ${key}`),
  }));
  for (const { key, isMet } of expected) expect(pairs.some(isMet), `finds ${key} in ${pairs.join(', ')}`).toBe(true);
  expect(pairs.filter((pair) => !expected.some(({ isMet }) => isMet(pair)))).toEqual([]);
}

/** Runs a test many times, tampering with different parts of the archive. */
const manyTimes = (run: (pick: Pick) => Promise<void>, numRuns: number) =>
  fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat()), (numbers) =>
      run((from) => {
        const { value = 0 } = numbers.next();
        return from[value % from.length] as never;
      }),
    ),
    { numRuns },
  );

it('an unchanged archive has no findings, for any period', async () => {
  expect(vouchedNames).toHaveLength(31);
  expect(namedIn(digestNames[6] ?? '')).toContain(vouchedNames.find((key) => key.includes('late')));
  for (const window of [
    {},
    { from: NOON + 3 * HOUR, to: NOON + 5 * HOUR },
    { from: END - 2 * HOUR },
    { to: END - DAY },
  ]) {
    expect(await verify(whole.content, window)).toMatchObject({
      list: [],
      notJudged: [],
      classes: { vouched: 31, pending: 2, added: 0 },
    });
  }
  const { shown, pairs } = await query(whole.content);
  expect([pairs, shown]).toEqual([[], shownAtFirst]);
});

describe.each(Object.entries(KINDS))('%s', (_, tamper) => {
  it('is found, and no changed event is shown', async () => {
    await manyTimes(async (pick) => {
      const content = new Map(whole.content);
      const { finds, hidden = [], pending = [] } = await tamper(content, pick);
      const { pairs } = await verify(content);
      expectFindings(pairs, finds);

      const answer = await query(content);
      const unshown = new Set(hidden.flatMap(eventIdsOf));
      const nowPending = new Set(pending.flatMap(eventIdsOf));
      const expected = new Map(
        [...shownAtFirst]
          .filter(([id]) => !unshown.has(id))
          .map(([id, event]) => [id, nowPending.has(id) ? { ...event, class: 'pending' } : event]),
      );
      expect(answer.shown).toEqual(expected);
      // Only verify finds missing objects and overdue digests.
      expect(pairs).toEqual(expect.arrayContaining(answer.pairs));
    }, 5);
  });
});

describe('the limits that docs/explanation/archive.md documents', () => {
  /** Adds an object, then verifies and queries the archive before and after the next digest. */
  async function addedBefore(at: number, records: object[] = forged(at)) {
    const objects = inMemoryArchive(new Map(whole.content));
    const key = eventsKey({ at, eventId: 'forged-0' });
    objects.content.set(key, Buffer.from(writeLines(key, records)));
    const before = [await verify(objects.content), await query(objects.content)] as const;
    await makeDigests({ now: END + HOUR + 5 * MINUTE }, { objects, signer, keys });
    const later = { to: END + HOUR, now: END + HOUR + 6 * MINUTE };
    const after = [await verify(objects.content, later), await query(objects.content)] as const;
    const classes = [before, after].map(([, { shown }]) => shown.get('forged-0')?.class);
    return { key, found: [before, after].map(([{ pairs }]) => pairs), classes };
  }

  it('a valid object that is newer than the last digest is pending, and the next digest covers it', async () => {
    const { found, classes } = await addedBefore(END + 3 * MINUTE);
    expect([found, classes]).toEqual([
      [[], []],
      ['pending', 'vouched'],
    ]);
  });

  it.each([
    1,
    25 * HOUR,
    26 * HOUR,
  ])('an object dated %i ms before the last digest’s end is found until the next digest', async (ago) => {
    const { key, found, classes } = await addedBefore(END - ago);
    expect([found, classes]).toEqual([
      [[`object-added ${key}`], []],
      [undefined, 'vouched'],
    ]);
  });

  it('an object that is too old for any digest is always found', async () => {
    const { key, found, classes } = await addedBefore(END - 27 * HOUR - 1);
    expect([found, classes]).toEqual([
      [[`object-added ${key}`], [`object-added ${key}`]],
      [undefined, undefined],
    ]);
  });

  it('an invalid record in a covered object is found and not shown', async () => {
    const { key, found } = await addedBefore(END + 3 * MINUTE, [{ eventId: 'forged-0' }]);
    expect(found).toEqual([[`object-added ${key}`], [`record-added ${key}`]]);
  });

  it('a newest digest that was replaced without an object is found until the next digest; a copy of it differs', async () => {
    const objects = inMemoryArchive(new Map(whole.content));
    const key = digestNames.at(-1) ?? '';
    const [removed = ''] = namedIn(key);
    objects.content.delete(key);
    objects.content.delete(removed);
    const soon = { expectDigestWithin: 66 * MINUTE };
    expect((await verify(objects.content, soon)).pairs).toEqual([`digest-missing ${key}`]);
    await makeDigests({ now: NOW }, { objects, signer, keys });
    expect((await verify(objects.content, soon)).pairs).toEqual([]);
    expect(objects.content.get(key)).not.toEqual(bytesOf(key));
  });
});

const ADDITIONS = Object.entries(KINDS).filter(([name]) => /^an object (added|dated|under)/.test(name));

it.each(ADDITIONS)('%s is found and not shown, whatever part of the archive is asked for', async (_, tamper) => {
  await manyTimes(async (pick) => {
    const content = new Map(whole.content);
    const { finds } = await tamper(content, pick);
    const from = NOON + pick([...Array(HOURS).keys()]) * HOUR;
    const window = pick([{ from }, { to: from }, { from, to: from + HOUR }, { from, to: from + 5 * HOUR }]);
    const { pairs } = await verify(content, window);
    expectFindings(
      pairs.filter((pair) => !pair.startsWith('digest-missing')),
      finds,
    );
    const { shown } = await query(content, window);
    for (const [id, event] of shown) expect(event).toEqual(shownAtFirst.get(id));
  }, 5);
});

it('combined tampering never shows an event as vouched for that no digest covers or that verify reports', async () => {
  const kinds = Object.values(KINDS);
  await manyTimes(async (pick) => {
    const content = new Map(whole.content);
    for (let count = 0; count < 3; count++) {
      const before = new Map(content);
      try {
        await pick(kinds)(content, pick);
      } catch {
        // This tampering cannot follow the others, because an object that it needs is missing or already exists.
        content.clear();
        for (const [key, bytes] of before) content.set(key, bytes);
      }
    }
    const { list } = await verify(content);
    expect(list.length).toBeGreaterThan(0);
    const reported = new Set(list.map(({ key }) => key));
    const from = NOON + pick([...Array(HOURS).keys()]) * HOUR;
    for (const window of [{}, { from }, { from, to: from + HOUR }]) {
      const { shown } = await query(content, window);
      for (const [id, event] of shown) {
        // If digests are missing, an object that is added after the last digest is pending.
        if (event.class === 'pending') continue;
        expect(event).toEqual(shownAtFirst.get(id));
        expect(reported).not.toContain(objectNames.find((key) => eventIdsOf(key).includes(id)));
      }
    }
  }, 25);
});
