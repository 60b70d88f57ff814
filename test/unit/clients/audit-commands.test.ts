import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeDigests } from '../../../core/audit-archive/make-digests.ts';
import { DIGESTS, HOUR } from '../../../core/audit-archive/names.ts';
import { localKeys } from '../../fakes/local-keys.ts';
import { archiveOf, NOON } from '../../support/archived-events.ts';
import { credentials, runTvm } from './run-tvm.ts';
import { useStubMachine } from './stub-machine.ts';

const { signer, keys } = await localKeys();
const objects = await archiveOf(3, 1, 16);
for (let hour = 1; hour <= 3; hour++) await makeDigests({ now: NOON + hour * HOUR }, { objects, signer, keys });
const names = [...objects.content.keys()].sort();
const [object = ''] = names.filter((name) => name.startsWith('events/'));
const TO = ['--to', '2026-11-22T15:00:00Z'];
const SUBJECT = 'arn:aws:iam::111122223333:role/orders-service';

/** A copy of the archive in a folder, and the keys beside it. */
async function copy(meddle: (content: Map<string, Uint8Array>) => void = () => {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tvm-audit-'));
  const content = new Map(objects.content);
  meddle(content);
  for (const [name, bytes] of content) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  const jwks = join(folder, 'keys.json');
  writeFileSync(jwks, JSON.stringify(await keys.jwks()));
  return { folder, jwks };
}

const verify = (folder: string, jwks: string, ...args: string[]) =>
  runTvm(['audit', 'verify', '--archive', folder, '--keys', jwks, ...args]);

describe('tvm audit verify', () => {
  it('says that an archive is as it was, without network and credentials', async () => {
    const { folder, jwks } = await copy();
    const { code, stdout, stderr } = await verify(folder, jwks, ...TO);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      'as it was archived: 48 records in 3 objects, by 3 digests, from 2026-11-22T12:00:00.000Z to 2026-11-22T15:00:00.000Z\n',
    );
  });

  it('names what was changed, one a line, and ends with 5', async () => {
    const { folder, jwks } = await copy((content) => {
      const text = Buffer.from(content.get(object) ?? []).toString();
      content.set(object, Buffer.from(text.replace('"access":"read"', '"access":"none"')));
    });
    const { code, stdout } = await verify(folder, jwks, ...TO);
    expect(code).toBe(5);
    expect(stdout.split('\n')).toEqual([
      `record-changed ${object}:1 event event-0-0-0: It, or the line before it, is not what was archived.`,
      expect.stringMatching(/^1 finding: 48 records/),
      '',
    ]);
  });

  it('tells the same as JSON', async () => {
    const [, digest = ''] = names.filter((name) => name.startsWith(DIGESTS));
    const { folder, jwks } = await copy((content) => content.delete(digest));
    const { code, stdout } = await verify(folder, jwks, ...TO, '--output', 'json');
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({
      count: 1,
      uncovered: 1,
      findings: [{ kind: 'digest-missing', key: digest }],
    });
  });

  it('asks of a part alone, when it is told which', async () => {
    const { folder, jwks } = await copy((content) => content.delete(object));
    const part = ['--from', '2026-11-22T13:00:00Z', '--to', '2026-11-22T13:59:59Z'];
    expect((await verify(folder, jwks, ...part)).code).toBe(0);
  });

  it.each([
    ['no archive', ['--archive', '/nowhere', '--keys', 'x'], '--archive', 'is no directory'],
    ['a bucket that is none', ['--archive', 's3://A_B', '--keys', 'x'], '--archive', 's3://name'],
    ['keys that are none', ['--archive', '.', '--keys', 'package.json'], '--keys', 'JSON Web Key Set'],
    ['keys over http', ['--archive', '.', '--keys', 'http://example.com/keys'], '--keys', 'https'],
    [
      'a time that is none',
      ['--archive', '.', '--keys', 'x', '--from', 'yesterday'],
      '--from',
      'such as 2026-11-22T09:30:00Z',
    ],
    ['no machine to have the keys from', ['--archive', '.'], '--endpoint', 'TVM_ENDPOINT'],
  ])('%s: says so, and ends with 2', async (_, args, option, sentence) => {
    const { code, stderr } = await runTvm(['audit', 'verify', ...args, '--output', 'json']);
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ option, error_description: expect.stringContaining(sentence) });
  });

  describe('without --keys', () => {
    const machine = useStubMachine();

    it('takes those that the machine publishes', async () => {
      machine.next = { body: await keys.jwks() };
      const { folder } = await copy();
      expect((await machine.tvm(['audit', 'verify', '--archive', folder, ...TO])).code).toBe(0);
      expect(machine.asked.map(({ path }) => path)).toEqual(['/v1/.well-known/audit-keys.json']);
    });
  });
});

describe('tvm audit query', () => {
  const query = async (...args: string[]) => {
    const { folder } = await copy();
    return runTvm(['audit', 'query', '--archive', folder, ...args]);
  };
  const events = async (...args: string[]): Promise<Record<string, string>[]> => {
    const { stdout } = await query('--output', 'json', ...args);
    return stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  };

  it('lists events for a person', async () => {
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
  ])('of %s', async (_, args, belongs) => {
    const some = await events(...args);
    expect(some.length).toBeGreaterThan(0);
    expect(some.every(belongs)).toBe(true);
    expect((await events()).filter(belongs).length).toBe(some.length);
  });

  it('finds nothing where there is nothing', async () => {
    expect(await query('--token-id', 'ffffffff-0000-4000-8000-000000000000')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'no events\n',
    });
  });

  it('says what it needs where it may not read the bucket', async () => {
    const s3 = createServer((_request, response) => {
      response.writeHead(403, { 'content-type': 'application/xml' }).end('<Error><Code>AccessDenied</Code></Error>');
    });
    await once(s3.listen(0, '127.0.0.1'), 'listening');
    const env = {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(s3.address() as AddressInfo).port}`,
      AWS_REGION: 'eu-central-1',
      ...credentials,
    };
    const { code, stdout, stderr } = await runTvm(['audit', 'query', '--archive', 's3://tvm-archive'], { env });
    s3.close();
    expect({ code, stdout, stderr }).toEqual({
      code: 3,
      stdout: '',
      stderr:
        'tvm: refused: your AWS identity may not read s3://tvm-archive: ' +
        'it needs s3:ListBucket, s3:GetObject and kms:Decrypt\n',
    });
  });

  it('tells by the events’ times, in whatever order their objects are', async () => {
    const [first = '', second = ''] = names.filter((name) => name.startsWith('events/'));
    const { folder } = await copy((content) => {
      const [one, other] = [content.get(first), content.get(second)];
      content.set(first, other ?? new Uint8Array()).set(second, one ?? new Uint8Array());
    });
    const { stdout } = await runTvm(['audit', 'query', '--archive', folder]);
    const times = stdout.split('\n').map((line) => line.split(' ')[0]);
    expect(times).toHaveLength(49);
    expect(times.slice(0, -1)).toEqual(times.slice(0, -1).sort());
  });

  it('says why a token was taken back, rather than why it was asked for', async () => {
    const [revoked] = await events('--type', 'Token Revoked');
    const { stdout } = await query('--type', 'Token Revoked');
    expect(stdout.split('\n')[0]).toContain(`«${revoked?.revocationReason}»`);
  });

  it('says which tokens a revocation picks out', async () => {
    const { stdout } = await query('--type', 'Revocation Ordered');
    expect(stdout).toContain('of subject arn:');
  });

  it.each([
    [['--type', 'Token Denyed'], /^tvm: option '--type <type...>' argument 'Token Denyed' is invalid/],
    [['--token-id', '7'], /^tvm: --token-id must be a token id \(a lower-case UUID\)\n$/],
    [['--subject', 'orders-service'], /^tvm: --subject must be an ARN\n$/],
    [['--resource', 'a//b'], /^tvm: --resource must be a name like/],
    [['--from', '2026-11-23', '--to', '2026-11-22'], /^tvm: --from must be before --to\n$/],
    [['--to', 'noon'], /^tvm: --to must be a time such as 2026-11-22T09:30:00Z, a day, or a duration such as 10m\n$/],
  ])('faults %j', async (args, sentence) => {
    const { code, stdout, stderr } = await query(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
  });
});

describe('tvm audit export', () => {
  it('writes each event as an OCSF event', async () => {
    const { folder } = await copy();
    const { code, stdout } = await runTvm(['audit', 'export', '--archive', folder, '--format', 'ocsf']);
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
