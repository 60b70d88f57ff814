import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { observe } from '@tvm/core/anomaly/observe.ts';
import type { Profiles } from '@tvm/core/anomaly/ports.ts';
import { newProfile, type Profile } from '@tvm/core/anomaly/profile.ts';
import { describe, expect, inject, it } from 'vitest';
import { profileKey } from '#lambdas/adapters/dynamo/items.ts';
import { dynamoProfiles } from '#lambdas/adapters/dynamo/profiles.ts';
import { inMemoryProfiles } from '../fakes/in-memory-records.ts';
import { settings } from '../unit/core/anomaly/settings.ts';

const { target, outputs } = inject('deployed');
const dynamo = new DynamoDBClient(target);
const adapters: [string, Profiles][] = [
  ['in memory', inMemoryProfiles()],
  ['DynamoDB', dynamoProfiles(dynamo, outputs.TableName)],
];

let subjects = 0;
const freshSubject = () => `arn:aws:iam::111122223333:role/profiles-${process.pid}-${++subjects}`;

/** Returns a profile in which no field is empty. */
function profileOf(events: number): Profile {
  const now = Date.now();
  const observations = Array.from({ length: events }, (_, index) => ({
    eventId: `${index}`,
    tokenId: `${index}`,
    subject: 'subject',
    time: now - index * 1000,
    kind: 'denied' as const,
    network: '203.0.113.0/24',
    resources: ['orders-db/orders'],
    beyondGrants: true,
    accepted: false,
  }));
  return observe(undefined, observations, settings, now).profile;
}

describe.each(adapters)('profiles: %s', (_, profiles) => {
  it('are stored unchanged, version by version', async () => {
    const subject = freshSubject();
    expect(await profiles.get(subject)).toBeUndefined();
    for (const version of [0, 1, 2]) {
      const profile = version === 0 ? newProfile(Date.now()) : profileOf(100 * version);
      expect(await profiles.put(subject, profile, version)).toBe(true);
      expect(await profiles.get(subject)).toEqual({ profile, version: version + 1 });
    }
  });

  it('are stored by only one of two concurrent writers', async () => {
    const subject = freshSubject();
    const two = () => Promise.all([1, 2].map((events) => profiles.put(subject, profileOf(events), 0)));
    expect((await two()).sort()).toEqual([false, true]);
    expect(await two()).toEqual([false, false]);
    expect(await profiles.get(subject)).toHaveProperty('version', 1);
  });
});

it('profiles in DynamoDB expire a month after they were stored', async () => {
  const subject = freshSubject();
  await dynamoProfiles(dynamo, outputs.TableName).put(subject, newProfile(Date.now()), 0);
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: outputs.TableName, Key: profileKey(subject) }));
  expect(Number(Item?.ttl?.N) / 86_400 - Date.now() / 86_400_000).toBeCloseTo(30, 1);
});
