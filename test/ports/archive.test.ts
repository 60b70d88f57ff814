import { CreateTableCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { AdoptedObjects, ArchiveObjects } from '@tvm/core/audit/archive/ports.ts';
import { describe, expect, inject, it } from 'vitest';
import { dynamoAdoptedObjects } from '#lambdas/adapters/dynamo/adopted-objects.ts';
import { s3ArchiveObjects } from '#lambdas/adapters/s3/archive-objects.ts';
import { inMemoryAdopted, inMemoryArchive } from '../fakes/in-memory-archive.ts';

const { target } = inject('deployed');
const dynamo = new DynamoDBClient(target);
const TableName = 'ports-adopted';

async function onS3(): Promise<ArchiveObjects> {
  const s3 = new S3Client({ ...target, forcePathStyle: true });
  const Bucket = 'ports-archive';
  await s3.send(new CreateBucketCommand({ Bucket }));
  return s3ArchiveObjects(s3, Bucket);
}

async function onDynamo(): Promise<AdoptedObjects> {
  await dynamo.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  return dynamoAdoptedObjects(dynamo, TableName);
}

async function all(names: AsyncIterable<string>): Promise<string[]> {
  const list: string[] = [];
  for await (const name of names) list.push(name);
  return list;
}

describe.each<[string, () => ArchiveObjects | Promise<ArchiveObjects>]>([
  ['in memory', () => inMemoryArchive()],
  ['on S3', onS3],
])('the archive %s', (_, make) => {
  let objects: ArchiveObjects;

  it('stores an object once: of several concurrent writes, one succeeds', async () => {
    objects = await make();
    const put = await Promise.all(['one', 'two', 'three'].map((text) => objects.putNew('events/a.ndjson', text)));
    expect(put.filter(Boolean)).toHaveLength(1);
    expect(await objects.putNew('events/a.ndjson', 'four')).toBe(false);
    const content = Buffer.from((await objects.get('events/a.ndjson')) ?? []).toString();
    expect(content).toBe(['one', 'two', 'three'][put.indexOf(true)]);
  });

  it('reports that a missing object is missing', async () => {
    expect(await objects.get('events/nothing.ndjson')).toBeUndefined();
  });

  it('lists names in order, over several pages, after a given name, and with a prefix', async () => {
    const names = Array.from({ length: 1_005 }, (_, nth) => `digests/${String(nth).padStart(4, '0')}.jws`);
    for (let nth = 0; nth < names.length; nth += 50) {
      await Promise.all(names.slice(nth, nth + 50).map((name) => objects.putNew(name, name)));
    }
    expect(await all(objects.list('digests/'))).toEqual(names);
    expect(await all(objects.list('digests/', 'digests/1001.jws'))).toEqual(names.slice(1_002));
    expect(await all(objects.list('digests/', 'digests/1001'))).toEqual(names.slice(1_001));
    expect(await all(objects.list('events/'))).toEqual(['events/a.ndjson']);
  });
});

describe.each<[string, () => AdoptedObjects | Promise<AdoptedObjects>]>([
  ['in memory', () => inMemoryAdopted()],
  ['in DynamoDB', onDynamo],
])('adopted objects %s', (_, make) => {
  let adopted: AdoptedObjects;

  it('are empty at first', async () => {
    adopted = await make();
    expect(await adopted.events()).toEqual(new Set());
  });

  it('have all events of the added objects, and adding is idempotent', async () => {
    await adopted.add('events/a', ['1', '2']);
    await adopted.add('events/b', ['3']);
    await adopted.add('events/a', ['1', '2']);
    expect(await adopted.events()).toEqual(new Set(['1', '2', '3']));
  });

  it('are complete, however many there are', async () => {
    const thousand = (of: number) =>
      Array.from({ length: 1_000 }, (_, nth) => `${of}-${String(nth).padStart(62, '0')}`);
    for (let of = 0; of < 30; of++) await adopted.add(`events/many-${of}`, thousand(of));
    expect((await adopted.events()).size).toBe(30_003);
  });
});

it('adopted objects expire, but not before the stream’s retention', async () => {
  const { Items = [] } = await dynamo.send(new ScanCommand({ TableName, Limit: 1 }));
  const ttl = Number(Items[0]?.ttl?.N);
  expect(ttl).toBeGreaterThan(Date.now() / 1000 + 24 * 3_600);
});
