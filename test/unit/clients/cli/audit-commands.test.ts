import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { archiveBatch } from '@tvm/core/audit/archive/archive-batch.ts';
import { writeLines } from '@tvm/core/audit/archive/chain.ts';
import { findFirstDigest } from '@tvm/core/audit/archive/digest-chain.ts';
import { makeDigests } from '@tvm/core/audit/archive/make-digests.ts';
import { DIGESTS, eventsKey, HOUR, hourOf } from '@tvm/core/audit/archive/names.ts';
import { describe, expect, it } from 'vitest';
import { inMemoryAdopted, inMemoryArchive } from '#test/fakes/in-memory-archive.ts';
import { localKeys } from '#test/fakes/local-keys.ts';
import { archivedEvent, archiveOf, NOON } from '#test/support/archived-events.ts';
import { credentials, runTvm } from './run-tvm.ts';
import { useStubService } from './stub-service.ts';

const { signer, keys } = await localKeys();
const objects = await archiveOf(3, 1, 16);
for (let hour = 1; hour <= 3; hour++) await makeDigests({ now: NOON + hour * HOUR }, { objects, signer, keys });
const names = [...objects.content.keys()].sort();
const [object = ''] = names.filter((name) => name.startsWith('events/'));
const TO = ['--to', '2026-11-22T15:00:00Z'];
const SUBJECT = 'arn:aws:iam::111122223333:role/orders-service';

const keyFile = { ...(await keys.jwks()), first_digest: await findFirstDigest(objects, await keys.jwks()) };

/** Writes a copy of an archive and a key file into a new folder. */
async function copyOf(content: Map<string, Uint8Array>, file: object) {
  const folder = mkdtempSync(join(tmpdir(), 'tvm-audit-'));
  for (const [name, bytes] of content) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  const jwks = join(folder, 'keys.json');
  writeFileSync(jwks, JSON.stringify(file));
  return { folder, jwks };
}

/** Copies the archive after a change. */
async function copy(meddle: (content: Map<string, Uint8Array>) => void = () => {}) {
  const content = new Map(objects.content);
  meddle(content);
  return copyOf(content, keyFile);
}

/** Adds an object with a valid chain of records. */
function addObject(content: Map<string, Uint8Array>, at: number): string {
  const { record } = archivedEvent('forged', at);
  const key = eventsKey({ at, eventId: 'forged' });
  content.set(key, Buffer.from(writeLines(key, [record])));
  return key;
}

const verify = (folder: string, jwks: string, ...args: string[]) =>
  runTvm(['audit', 'verify', '--archive', folder, '--keys', jwks, ...args]);

describe('tvm audit verify', () => {
  it('reports that an archive is intact, without network and credentials', async () => {
    const { folder, jwks } = await copy();
    const { code, stdout, stderr } = await verify(folder, jwks, ...TO);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      'intact: 48 records in 3 objects, covered by 3 digests, from 2026-11-22T12:00:00.000Z to 2026-11-22T15:00:00.000Z\n',
    );
  });

  it('names the changes, one per line, and exits with 5', async () => {
    const { folder, jwks } = await copy((content) => {
      const text = Buffer.from(content.get(object) ?? []).toString();
      content.set(object, Buffer.from(text.replace('"access":"read"', '"access":"none"')));
    });
    const { code, stdout } = await verify(folder, jwks, ...TO);
    expect(code).toBe(5);
    expect(stdout.split('\n')).toEqual([
      `record-changed ${object}:1 event event-0-0-0: It or the previous line was changed.`,
      expect.stringMatching(/^1 finding: 48 records/),
      '',
    ]);
  });

  it('writes the findings as JSON', async () => {
    const [, digest = ''] = names.filter((name) => name.startsWith(DIGESTS));
    const { folder, jwks } = await copy((content) => content.delete(digest));
    const { code, stdout } = await verify(folder, jwks, ...TO, '--output', 'json');
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({
      count: 2,
      uncovered: 0,
      classes: { vouched: 2, pending: 0, added: 1 },
      findings: [
        { kind: 'digest-missing', key: digest },
        { kind: 'object-added', key: expect.stringContaining('hour=13') },
      ],
    });
  });

  it('counts the objects of each class, and reports added objects outside the time range too', async () => {
    const { folder, jwks } = await copy((content) => {
      addObject(content, Date.UTC(2099, 0, 1));
      addObject(content, Date.UTC(2001, 0, 1));
    });
    const part = ['--from', '2026-11-22T13:00:00Z', '--to', '2026-11-22T13:59:59Z'];
    const { code, stdout } = await verify(folder, jwks, ...part, '--output', 'json');
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({
      classes: { vouched: 3, pending: 0, added: 2 },
      notJudged: [],
      findings: [
        { kind: 'object-added', key: expect.stringContaining('2001') },
        { kind: 'object-added', key: expect.stringContaining('2099') },
      ],
    });
  });

  it('reports an incomplete verification if the key file names no first digest', async () => {
    const { folder, jwks } = await copyOf(objects.content, await keys.jwks());
    const { code, stdout, stderr } = await verify(folder, jwks, ...TO);
    expect([code, stderr]).toEqual([5, '']);
    expect(stdout).toMatch(
      /^no findings, but verification is incomplete: 48 records in 3 objects, covered by 3 digests/,
    );
    expect(stdout).toMatch(/\nnot verified: Whether the chain of digests was restarted: .* `tvm audit keys` .*\n$/);
    const json = await verify(folder, jwks, ...TO, '--output', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ count: 0, notJudged: [expect.stringContaining('restarted')] });
  });

  it('finds a restarted chain in every time range', async () => {
    const restarted = inMemoryArchive(new Map([...objects.content].filter(([name]) => !name.startsWith(DIGESTS))));
    for (const hour of [2, 3]) await makeDigests({ now: NOON + hour * HOUR }, { objects: restarted, signer, keys });
    const { folder, jwks } = await copyOf(restarted.content, keyFile);
    for (const from of [[], ['--from', '2026-11-01'], ['--from', '2026-11-22T14:30:00Z']]) {
      const { code, stdout } = await verify(folder, jwks, ...from, ...TO);
      expect(code).toBe(5);
      expect(stdout).toContain('digest-added digests/dt=2026-11-22/2026-11-22T130000.000Z.jws: It restarts the chain');
    }
  });

  it('reports that an expected digest is missing', async () => {
    const { folder, jwks } = await copy();
    const { code, stdout } = await verify(folder, jwks, ...TO, '--expect-digest-within', '65m');
    expect(code).toBe(5);
    expect(stdout).toMatch(
      /^digest-missing digests\/dt=2026-11-22\/2026-11-22T150000.000Z.jws: The newest digest ends at/,
    );
  });

  it('reads only the objects of the time range', async () => {
    const { folder, jwks } = await copy((content) => content.delete(object));
    const part = ['--from', '2026-11-22T13:00:00Z', '--to', '2026-11-22T13:59:59Z'];
    expect((await verify(folder, jwks, ...part)).code).toBe(0);
  });

  it.each([
    ['no archive', ['--archive', '/nowhere', '--keys', 'x'], '--archive', 'is not a directory'],
    ['an invalid bucket', ['--archive', 's3://A_B', '--keys', 'x'], '--archive', 's3://name'],
    ['invalid keys', ['--archive', '.', '--keys', 'package.json'], '--keys', 'JSON Web Key Set'],
    ['keys over http', ['--archive', '.', '--keys', 'http://example.com/keys'], '--keys', 'https'],
    [
      'an invalid time',
      ['--archive', '.', '--keys', 'x', '--from', 'yesterday'],
      '--from',
      'such as 2026-11-22T09:30:00Z',
    ],
    ['no service that publishes keys', ['--archive', '.'], '--endpoint', 'TVM_ENDPOINT'],
    [
      'an invalid duration',
      ['--archive', '.', '--keys', 'x', '--expect-digest-within', 'soon'],
      '--expect-digest-within',
      'must be a duration such as 70m',
    ],
  ])('%s: names the option and exits with 2', async (_, args, option, sentence) => {
    const { code, stderr } = await runTvm(['audit', 'verify', ...args, '--output', 'json']);
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ option, error_description: expect.stringContaining(sentence) });
  });

  describe('without --keys', () => {
    const service = useStubService();

    it('uses the keys that the service publishes, which name no first digest', async () => {
      service.next = { body: await keys.jwks() };
      const { folder } = await copy();
      const { code, stdout } = await service.tvm(['audit', 'verify', '--archive', folder, ...TO]);
      expect([code, stdout]).toEqual([5, expect.stringContaining('\nnot verified: ')]);
      expect(service.asked.map(({ path }) => path)).toEqual(['/v1/.well-known/audit-keys.json']);
    });
  });
});

it('rejects --keys with an invalid first digest, and names the command that writes it', async () => {
  const { folder, jwks } = await copyOf(objects.content, { ...keyFile, first_digest: { key: 'digests/x' } });
  expect(await verify(folder, jwks)).toEqual({
    code: 2,
    stdout: '',
    stderr: 'tvm: --keys: first_digest must have key and sha256, as written by `tvm audit keys`\n',
  });
});

describe('tvm audit keys', () => {
  const audit = async (content: Map<string, Uint8Array>, file: object) => {
    const { folder, jwks } = await copyOf(content, file);
    return runTvm(['audit', 'keys', '--archive', folder, '--keys', jwks]);
  };

  it('writes a key file with the first digest, also from a file without it', async () => {
    for (const file of [await keys.jwks(), keyFile]) {
      const { code, stdout, stderr } = await audit(objects.content, file);
      expect([code, JSON.parse(stdout), stderr]).toEqual([0, keyFile, '']);
    }
  });

  it.each([
    ['has no digest yet', 1, 'the archive has no digest yet', () => new Map()],
    [
      'lost its first digest',
      5,
      'it names a previous digest, which is missing',
      () =>
        new Map([...objects.content].filter(([name]) => name !== `${DIGESTS}dt=2026-11-22/2026-11-22T120000.000Z.jws`)),
    ],
    [
      'has other digests',
      5,
      'is not signed by these keys',
      () => new Map(objects.content).set(`${DIGESTS}0`, Buffer.from('x')),
    ],
  ])('writes no key file for an archive that %s', async (_, exitCode, sentence, content) => {
    const { code, stdout, stderr } = await audit(content(), await keys.jwks());
    expect([code, stdout]).toEqual([exitCode, '']);
    expect(stderr).toContain(sentence);
  });

  it('writes no key file if the first digest is not the one in --keys', async () => {
    const first_digest = { ...(keyFile.first_digest as object), sha256: '0'.repeat(64) };
    const { code, stdout, stderr } = await audit(objects.content, { ...keyFile, first_digest });
    expect([code, stdout]).toEqual([5, '']);
    expect(stderr).toContain('--keys names another first digest');
  });
});

describe('tvm audit query', () => {
  const query = async (...args: string[]) => {
    const { folder, jwks } = await copy();
    return runTvm(['audit', 'query', '--archive', folder, '--keys', jwks, ...args]);
  };
  const events = async (...args: string[]): Promise<Record<string, string>[]> => {
    const { stdout } = await query('--output', 'json', ...args);
    return stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  };

  it('lists events as text', async () => {
    const { code, stdout, stderr } = await query('--type', 'Token Denied', '--to', '2026-11-22T12:30:00Z');
    expect([code, stderr]).toEqual([0, '1 event\n']);
    expect(stdout).toMatch(
      /^2026-11-22T12:00:01\.000Z {2}Token Denied {12}35445779-\S+ {2}arn:\S+ {2}write orders-db\/orders, policy/,
    );
  });

  it.each([
    ['a type', ['--type', 'Token Revoked'], ({ detailType }: Record<string, string>) => detailType === 'Token Revoked'],
    ['a subject', ['--subject', SUBJECT], ({ subject }: Record<string, string>) => subject === SUBJECT],
    [
      'a revocation',
      ['--revocation-id', '0f8fad5b-d9cb-469f-a165-70867728950e'],
      ({ revocationId }: Record<string, string>) => revocationId !== undefined,
    ],
    [
      'a resource',
      ['--resource', 'orders-db/*'],
      (event: Record<string, unknown>) => JSON.stringify(event).includes('orders-db/'),
    ],
    [
      'a time',
      ['--from', '2026-11-22T13:00:00Z', '--to', '2026-11-22T13:59:59Z'],
      ({ time }: Record<string, string>) => time?.startsWith('2026-11-22T13'),
    ],
  ])('filters by %s', async (_, args, belongs) => {
    const some = await events(...args);
    expect(some.length).toBeGreaterThan(0);
    expect(some.every(belongs)).toBe(true);
    expect((await events()).filter(belongs).length).toBe(some.length);
  });

  it('reports that no event matches', async () => {
    expect(await query('--token-id', 'ffffffff-0000-4000-8000-000000000000')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'no events\n',
    });
  });

  it('names the missing permissions if it is not allowed to read the bucket', async () => {
    const s3 = createServer((_request, response) => {
      response.writeHead(403, { 'content-type': 'application/xml' }).end('<Error><Code>AccessDenied</Code></Error>');
    });
    await once(s3.listen(0, '127.0.0.1'), 'listening');
    const env = {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(s3.address() as AddressInfo).port}`,
      AWS_REGION: 'eu-central-1',
      ...credentials,
    };
    const { jwks } = await copy();
    const bucket = ['--archive', 's3://tvm-archive', '--keys', jwks];
    const { code, stdout, stderr } = await runTvm(['audit', 'query', ...bucket], { env });
    s3.close();
    expect({ code, stdout, stderr }).toEqual({
      code: 3,
      stdout: '',
      stderr:
        'tvm: refused: your AWS identity is not allowed to read s3://tvm-archive: ' +
        'it needs s3:ListBucket, s3:GetObject and kms:Decrypt\n',
    });
  });

  it('does not report objects that are written while the command runs as added', async () => {
    const content = new Map(objects.content);
    const meanwhile = addObject(content, Date.UTC(2099, 0, 1));
    const s3 = createServer(({ url = '' }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://s3');
      const bytes = content.get(decodeURIComponent(pathname).replace('/tvm-archive/', ''));
      if (bytes !== undefined) return response.end(bytes);
      const listed = [...content.keys()].filter((key) => key.startsWith(searchParams.get('prefix') ?? '')).sort();
      const written = (key: string) => new Date(Date.now() + (key === meanwhile ? HOUR : -HOUR)).toISOString();
      const contents = listed.map(
        (key) => `<Contents><Key>${key}</Key><LastModified>${written(key)}</LastModified></Contents>`,
      );
      const result = `<ListBucketResult>${contents.join('')}<IsTruncated>false</IsTruncated></ListBucketResult>`;
      return response.writeHead(200, { 'content-type': 'application/xml' }).end(result);
    });
    await once(s3.listen(0, '127.0.0.1'), 'listening');
    const env = {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(s3.address() as AddressInfo).port}`,
      AWS_REGION: 'eu-central-1',
      ...credentials,
    };
    const { jwks } = await copy();
    const args = ['audit', 'query', '--archive', 's3://tvm-archive', '--keys', jwks];
    const { code, stderr } = await runTvm(args, { env });
    s3.close();
    expect([code, stderr]).toEqual([0, '48 events\n']);
  });

  it('sorts events by their times, whatever the order of their objects', async () => {
    const archive = inMemoryArchive();
    for (const [nth, hour] of [2, 0, 1].entries()) {
      const event = archivedEvent(`event-${nth}`, NOON + nth * 60_000);
      const time = new Date(NOON + hour * HOUR).toISOString();
      const record = { ...event.record, time };
      await archiveBatch([{ ...event, record }], { objects: archive, adopted: inMemoryAdopted() });
    }
    await makeDigests({ now: NOON + HOUR }, { objects: archive, signer, keys });
    const { folder, jwks } = await copyOf(archive.content, await keys.jwks());
    const { stdout } = await runTvm(['audit', 'query', '--archive', folder, '--keys', jwks]);
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual(
      [0, 1, 2].map((hour) => new Date(NOON + hour * HOUR).toISOString()).concat(''),
    );
  });

  it('writes the class of each event in JSON', async () => {
    expect(new Set((await events()).map((event) => event.class))).toEqual(new Set(['vouched']));
  });

  it('marks events that are newer than the last digest', async () => {
    const now = Date.now();
    const archive = inMemoryArchive();
    const adopted = inMemoryAdopted();
    await archiveBatch([archivedEvent('vouched', hourOf(now) - 1_000)], { objects: archive, adopted });
    await makeDigests({ now }, { objects: archive, signer, keys });
    await archiveBatch([archivedEvent('pending', now)], { objects: archive, adopted });
    const { folder, jwks } = await copyOf(archive.content, await keys.jwks());
    const from = ['--archive', folder, '--keys', jwks];
    const { code, stdout, stderr } = await runTvm(['audit', 'query', ...from]);
    expect([code, stderr]).toEqual([0, '2 events, 1 pending: no digest covers it yet\n']);
    expect(stdout.split('\n').map((line) => line.endsWith('[pending]'))).toEqual([false, true, false]);
    const classesOf = async (command: string) => {
      const { stdout } = await runTvm(['audit', command, ...from, '--output', 'json']);
      return stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    };
    expect((await classesOf('query')).map((event) => event.class)).toEqual(['vouched', 'pending']);
    expect((await classesOf('export')).map(({ metadata }) => metadata.labels)).toEqual([undefined, ['pending']]);
  });

  it.each([
    ['dated in the future', Date.UTC(2099, 0, 1), []],
    ['named a day before --from, with a record inside it', NOON - 23 * HOUR, ['--from', '2026-11-22T12:00:00Z']],
    ['dated before the last digest’s end', NOON + 3 * HOUR - 60_000, []],
  ])('shows no event of an added object %s, and exits with 5', async (_, at, args) => {
    let key = '';
    const { folder, jwks } = await copy((content) => {
      key = eventsKey({ at, eventId: 'forged' });
      const records = [at, NOON + HOUR].map((time, nth) => ({
        ...archivedEvent(nth ? 'inside' : 'forged', time).record,
      }));
      content.set(key, Buffer.from(writeLines(key, records)));
    });
    for (const command of ['query', 'export']) {
      const from = ['audit', command, '--archive', folder, '--keys', jwks, ...args];
      const { code, stdout, stderr } = await runTvm([...from, '--output', 'json']);
      expect(code).toBe(5);
      expect(stdout.split('\n')).toHaveLength(49);
      expect(stdout).not.toMatch(/"(forged|inside)"/);
      expect(JSON.parse(stderr)).toEqual({
        error: 'not_as_archived',
        error_description: expect.stringContaining(`object-added ${key}`),
      });
    }
  });

  it('shows no event of a changed object, and names the object', async () => {
    const { folder, jwks } = await copy((content) => {
      const text = Buffer.from(content.get(object) ?? []).toString();
      content.set(object, Buffer.from(text.replace('"access":"read"', '"access":"none"')));
    });
    const { code, stdout, stderr } = await runTvm(['audit', 'query', '--archive', folder, '--keys', jwks]);
    expect([code, stdout.split('\n').length]).toEqual([5, 33]);
    expect(stderr).toBe(
      `32 events\ntvm: some events are not shown: record-changed ${object}:1; run tvm audit verify for details\n`,
    );
  });

  it('shows the reason of the revocation, not of the token request', async () => {
    const [revoked] = await events('--type', 'Token Revoked');
    const { stdout } = await query('--type', 'Token Revoked');
    expect(stdout.split('\n')[0]).toContain(`«${revoked?.revocationReason}»`);
  });

  it('shows the selector of a revocation', async () => {
    const { stdout } = await query('--type', 'Revocation Ordered');
    expect(stdout).toContain('of subject arn:');
  });

  it('names the options for keys if it has none', async () => {
    const { folder } = await copy();
    const { code, stdout, stderr } = await runTvm(['audit', 'query', '--archive', folder]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^tvm: the keys that verify digests are missing: give --keys FILE, .* or --endpoint URL \(or TVM_ENDPOINT\)/,
    );
  });

  it.each([
    [['--type', 'Token Denyed'], /^tvm: option '--type <type...>' argument 'Token Denyed' is invalid/],
    [['--token-id', '7'], /^tvm: --token-id must be a token id \(a lower-case UUID\)\n$/],
    [
      ['--subject', 'orders-service'],
      /^tvm: --subject must be an ARN, or a federated subject such as github:repo:1296269\n$/,
    ],
    [['--resource', 'a//b'], /^tvm: --resource must be a name like/],
    [['--from', '2026-11-23', '--to', '2026-11-22'], /^tvm: --from must be before --to\n$/],
    [['--to', 'noon'], /^tvm: --to must be a time such as 2026-11-22T09:30:00Z, a date, or a duration such as 10m\n$/],
  ])('rejects %j', async (args, sentence) => {
    const { code, stdout, stderr } = await query(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
  });
});

describe('tvm audit export', () => {
  it('writes each event as an OCSF event', async () => {
    const { folder, jwks } = await copy();
    const from = ['--archive', folder, '--keys', jwks];
    const { code, stdout } = await runTvm(['audit', 'export', ...from, '--format', 'ocsf']);
    expect(code).toBe(0);
    const exported = stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    expect(exported).toHaveLength(48);
    expect(new Set(exported.map(({ class_uid }) => class_uid))).toEqual(new Set([6003, 2004]));
    expect(new Set(exported.map(({ metadata }) => metadata.uid)).size).toBe(48);
  });
});
