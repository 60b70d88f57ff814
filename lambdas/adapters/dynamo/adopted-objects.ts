import { type DynamoDBClient, PutItemCommand, paginateQuery } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { AdoptedObjects } from '@tvm/core/audit/archive/ports.ts';
import { awsCall } from '../aws-call.ts';
import { ADOPTED_PARTITION, adoptedKey } from './items.ts';

/** How long it is remembered what an object holds, in seconds: longer than the stream's 24 hours. */
const REMEMBERED = 25 * 3_600;

/** Objects of the archive that invocations came upon, in the table of the token records. */
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
      // An item of an earlier version has ids in place of them.
      for (const item of Items) for (const event of unmarshall(item).events ?? []) known.add(event);
    }
    return known;
  }

  return {
    events: () => awsCall('DynamoDB', events()),

    async add(key, events) {
      const ttl = Math.floor(Date.now() / 1000) + REMEMBERED;
      const Item = { ...adoptedKey(key), ...marshall({ events, ttl }) };
      await awsCall('DynamoDB', dynamo.send(new PutItemCommand({ TableName, Item })));
    },
  };
}
