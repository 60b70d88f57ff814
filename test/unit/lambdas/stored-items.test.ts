import { BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { revocationRequestKey } from '#lambdas/adapters/dynamo/items.ts';
import { dynamoStoredItems } from '#lambdas/adapters/dynamo/stored-items.ts';

// No emulator returns unprocessed keys. This follows the AWS documentation.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html

const keys = (count: number) => Array.from({ length: count }, (_, nth) => revocationRequestKey(String(nth)));

/**
 * A table with all items, which processes a limited number of keys per call. `calls` are the numbers of requested keys.
 */
function reading(most: (call: number) => number) {
  const calls: number[] = [];
  const send = async (command: unknown) => {
    if (!(command instanceof BatchGetItemCommand)) throw new Error('it reads, and does nothing else');
    const { Keys = [], ConsistentRead } = command.input.RequestItems?.table ?? {};
    expect(ConsistentRead).toBe(true);
    const read = most(calls.push(Keys.length));
    return {
      Responses: { table: Keys.slice(0, read) },
      UnprocessedKeys: read < Keys.length ? { table: { Keys: Keys.slice(read) } } : {},
    };
  };
  return { items: dynamoStoredItems({ send } as unknown as DynamoDBClient, 'table'), calls };
}

it('reads items in batches of one hundred, each once', async () => {
  const { items, calls } = reading(() => 100);
  expect((await items.getMany(keys(250))).map(({ pk }) => pk?.S)).toEqual(keys(250).map(({ pk }) => pk?.S));
  expect(calls).toEqual([100, 100, 50]);
  expect(await items.getMany([])).toEqual([]);
  expect(calls).toHaveLength(3);
});

it('reads unprocessed items again as long as there is progress', async () => {
  const { items, calls } = reading(() => 7);
  expect(await items.getMany(keys(100))).toHaveLength(100);
  expect(calls).toHaveLength(15);
});

it('fails after repeated reads without progress', async () => {
  const { items, calls } = reading((call) => (call === 1 ? 60 : 0));
  await expect(items.getMany(keys(100))).rejects.toMatchObject({ name: 'DependencyFault' });
  expect(calls).toHaveLength(10);
});
