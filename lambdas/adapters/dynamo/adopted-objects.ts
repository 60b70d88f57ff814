import { type DynamoDBClient, PutItemCommand, paginateQuery } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { AdoptedObjects } from '@tvm/core/audit/archive/ports.ts';
import { awsCall } from '../aws-call.ts';
import { ADOPTED_PARTITION, adoptedKey } from './items.ts';

/** How long the content of an object is stored, in seconds. Longer than the 24 hours of the stream. */
const KEEP_FOR = 25 * 3_600;

/** Archive objects that an earlier invocation left and a later one adopted, stored in the token records table. */
export function dynamoAdoptedObjects(dynamo: DynamoDBClient, TableName: string): AdoptedObjects {
  async function events(): Promise<Set<string>> {
    const query = {
      TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: marshall({ ':pk': ADOPTED_PARTITION }),
      ConsistentRead: true,
    };
    const known = new Set<string>();
    for await (const { Items = [] } of paginateQuery({ client: dynamo }, query)) {
      // Items of an earlier version have `ids` instead of `events`.
      for (const item of Items) for (const event of unmarshall(item).events ?? []) known.add(event);
    }
    return known;
  }

  return {
    events: () => awsCall('DynamoDB', events()),

    async add(key, events) {
      const ttl = Math.floor(Date.now() / 1000) + KEEP_FOR;
      const Item = { ...adoptedKey(key), ...marshall({ events, ttl }) };
      await awsCall('DynamoDB', dynamo.send(new PutItemCommand({ TableName, Item })));
    },
  };
}
