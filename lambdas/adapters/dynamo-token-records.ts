import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { limits } from '../../contract/limits.ts';
import type { TokenRecords } from '../../core/ports.ts';
import type { TokenRecord } from '../../core/token-record.ts';
import { awsCall } from './aws-call.ts';
import { conditionHolds } from './dynamo-condition.ts';
import { fromItem, INDEX_BY_SUBJECT, recordKey, SHARDS, subjectPartition, toItem } from './dynamo-items.ts';

/** Token records in a DynamoDB table, laid out as docs/storage-schema.md says. */
export function dynamoTokenRecords(dynamo: DynamoDBClient, TableName: string): TokenRecords {
  /** Leaves `issued` for another state, if the record is still in it. */
  async function leaveIssued(tokenId: string, to: Partial<TokenRecord>, now?: number): Promise<boolean> {
    const changes = Object.entries(to);
    const command = new UpdateItemCommand({
      TableName,
      Key: recordKey(tokenId),
      UpdateExpression: `SET ${changes.map(([name]) => `#${name} = :${name}`).join(', ')}`,
      ConditionExpression: `#status = :issued${now === undefined ? '' : ' AND expiresAt > :now'}`,
      ExpressionAttributeNames: Object.fromEntries(changes.map(([name]) => [`#${name}`, name])),
      ExpressionAttributeValues: marshall(
        {
          ...Object.fromEntries(changes.map(([name, value]) => [`:${name}`, value])),
          ':issued': 'issued',
          ':now': now,
        },
        { removeUndefinedValues: true },
      ),
    });
    return conditionHolds(dynamo.send(command));
  }

  return {
    async put(record) {
      const command = new PutItemCommand({
        TableName,
        Item: toItem(record),
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      await awsCall('DynamoDB', dynamo.send(command));
    },

    async markFailed(tokenId, failed) {
      await leaveIssued(tokenId, { status: 'failed', ...failed });
    },

    async get(tokenId) {
      const command = new GetItemCommand({ TableName, Key: recordKey(tokenId), ConsistentRead: true });
      const { Item } = await awsCall('DynamoDB', dynamo.send(command));
      return fromItem(Item);
    },

    revoke(tokenId, revocation) {
      return leaveIssued(tokenId, { status: 'revoked', ...revocation }, revocation.revokedAt);
    },

    async *openTokens(subject, at) {
      for (let shard = 0; shard < SHARDS; shard++) {
        const pages = paginateQuery(
          { client: dynamo },
          {
            TableName,
            IndexName: INDEX_BY_SUBJECT,
            // What was vended before the longest lifetime there can be has expired, and much of what came after.
            KeyConditionExpression: 'subjectPartition = :partition AND decidedAt BETWEEN :since AND :at',
            FilterExpression: 'expiresAt > :at',
            ExpressionAttributeValues: marshall({
              ':partition': subjectPartition('ISSUED', subject, shard),
              ':since': at - limits.lifetime * 1000,
              ':at': at,
            }),
          },
        );
        const iterator = pages[Symbol.asyncIterator]();
        for (;;) {
          const page = await awsCall('DynamoDB', iterator.next());
          if (page.done) break;
          yield (page.value.Items ?? []).map((item) => item.pk?.S?.slice('TOKEN#'.length) ?? '');
        }
      }
    },
  };
}
