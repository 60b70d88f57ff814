import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { StatusLists } from '@tvm/core/status-lists/ports.ts';
import type { StatusList } from '@tvm/core/status-lists/published-status-list.ts';
import { awsCall } from '../aws-call.ts';
import { conditionHolds } from './condition.ts';

// The layout of the status list table. docs/reference/storage-schema.md describes its access patterns and costs.

/** The key of the current list and its first free index. */
export const ALLOCATION_KEY = marshall({ pk: 'ALLOCATION' });

/** The key of the number of the first list that is not retired. */
const OLDEST_KEY = marshall({ pk: 'OLDEST' });

const listKey = (list: number) => marshall({ pk: `LIST#${list}` });

/** How long a list is stored after its last token has expired, in seconds. */
const KEPT = 86_400;

/** The status lists, stored in their own DynamoDB table. */
export function dynamoStatusLists(dynamo: DynamoDBClient, TableName: string): StatusLists {
  async function read(Key: Record<string, AttributeValue>, ...attributes: string[]) {
    const names = Object.fromEntries(attributes.map((name) => [`#${name}`, name]));
    const command = new GetItemCommand({
      TableName,
      Key,
      ConsistentRead: true,
      ...(attributes.length > 0 && {
        ProjectionExpression: Object.keys(names).join(', '),
        ExpressionAttributeNames: names,
      }),
    });
    const { Item } = await awsCall('DynamoDB', dynamo.send(command));
    return Item && unmarshall(Item);
  }

  return {
    async span() {
      const [allocation, oldest] = await Promise.all([read(ALLOCATION_KEY, 'list'), read(OLDEST_KEY, 'list')]);
      return { oldest: oldest?.list ?? 1, current: allocation?.list ?? 0 };
    },

    async get(list) {
      const item = await read(listKey(list));
      if (item === undefined) return undefined;
      const { pk, ttl, ...stored } = item;
      return stored as StatusList;
    },

    async published(list) {
      const item = await read(listKey(list), 'token', 'etag', 'expiresAt');
      return item && { token: item.token, etag: item.etag, expiresAt: item.expiresAt };
    },

    put(list) {
      const { version, overAt } = list;
      const ttl = overAt === undefined ? undefined : Math.ceil(overAt / 1000) + KEPT;
      const command = new PutItemCommand({
        TableName,
        Item: { ...listKey(list.list), ...marshall({ ...list, ttl }, { removeUndefinedValues: true }) },
        ConditionExpression: version === 1 ? 'attribute_not_exists(pk)' : '#version = :before',
        ...(version > 1 && {
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: marshall({ ':before': version - 1 }),
        }),
      });
      return conditionHolds(dynamo.send(command));
    },

    async retire(list) {
      const command = new UpdateItemCommand({
        TableName,
        Key: OLDEST_KEY,
        UpdateExpression: 'SET #list = :next',
        ConditionExpression: 'attribute_not_exists(#list) OR #list < :next',
        ExpressionAttributeNames: { '#list': 'list' },
        ExpressionAttributeValues: marshall({ ':next': list + 1 }),
      });
      await conditionHolds(dynamo.send(command));
    },
  };
}
