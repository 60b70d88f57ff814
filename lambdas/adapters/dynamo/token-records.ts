import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { DependencyFault } from '@tvm/core/ports.ts';
import type { TokenRecords } from '@tvm/core/records/ports.ts';
import type { DeniedRecord, IssuedRecord, TokenRecord } from '@tvm/core/records/token-record.ts';
import { PENDING } from '@tvm/core/records/token-selector.ts';
import { awsCall } from '../aws-call.ts';
import { fromItem, indexKey, proofKey, recordKey, toItem } from './items.ts';
import { BATCH_GET, batchGet, setting } from './requests.ts';
import { cancellationCodes, retryConflicts } from './transaction-conflict.ts';

/** Token records in a DynamoDB table. docs/reference/storage-schema.md describes the layout. */
export function dynamoTokenRecords(dynamo: DynamoDBClient, TableName: string): TokenRecords {
  /**
   * Changes the state of a record that is still `issued`.
   *
   * @param condition an additional condition that uses `values`
   * @returns whether the state was changed; if it was not, `instead` is the existing record, if there is one
   */
  async function leaveIssued(
    tokenId: string,
    to: Partial<TokenRecord>,
    condition = '',
    values: Record<string, unknown> = {},
  ): Promise<{ done: boolean; instead?: TokenRecord | undefined }> {
    const set = setting(to);
    const command = new UpdateItemCommand({
      TableName,
      Key: recordKey(tokenId),
      // Also removes the record from the index `by-expiry`.
      UpdateExpression: `${set.expression} REMOVE expiryPartition`,
      ConditionExpression: `#status = :issued${condition}`,
      ExpressionAttributeNames: set.names,
      ExpressionAttributeValues: { ...set.values, ...marshall({ ...values, ':issued': 'issued' }) },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    try {
      await dynamo.send(command);
      return { done: true };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return { done: false, instead: fromItem(error.Item) };
      throw new DependencyFault('DynamoDB', error);
    }
  }

  return {
    async put(record) {
      // Not a transaction, which costs twice as much. The token is released only when both items are stored, and either
      // item alone does no harm.
      const stored = await Promise.allSettled(
        putsOf(record).map((put) => awsCall('DynamoDB', dynamo.send(new PutItemCommand({ TableName, ...put })))),
      );
      for (const put of stored) if (put.status === 'rejected') throw put.reason;
    },

    async putOnce(record, { key, until }) {
      const use = { Item: { ...proofKey(key), ...marshall({ ttl: until }) }, ConditionExpression: NEW };
      const TransactItems = [use, ...putsOf(record)].map((put) => ({ Put: { TableName, ...put } }));
      try {
        await retryConflicts(() => dynamo.send(new TransactWriteItemsCommand({ TransactItems })));
        return true;
      } catch (error) {
        if (cancellationCodes(error)[0] === 'ConditionalCheckFailed') return false;
        throw new DependencyFault('DynamoDB', error);
      }
    },

    async markFailed(tokenId, failed) {
      await leaveIssued(tokenId, { status: 'failed', ...failed });
    },

    async get(tokenId) {
      const command = new GetItemCommand({ TableName, Key: recordKey(tokenId), ConsistentRead: true });
      const { Item } = await awsCall('DynamoDB', dynamo.send(command));
      return fromItem(Item);
    },

    async getMany(tokenIds) {
      if (tokenIds.length > BATCH_GET) throw new Error(`at most ${BATCH_GET} records can be read at once`);
      const items = await batchGet(dynamo, TableName, [...new Set(tokenIds)].map(recordKey));
      const found = new Map<string, TokenRecord>();
      for (const record of items.map(fromItem)) if (record !== undefined) found.set(record.tokenId, record);
      return tokenIds.flatMap((tokenId) => found.get(tokenId) ?? []);
    },

    async revoke(tokenId, revocation) {
      const values = { ':now': revocation.revokedAt };
      const { done, instead } = await leaveIssued(
        tokenId,
        { status: 'revoked', ...revocation },
        ' AND expiresAt > :now',
        values,
      );
      if (done) return revocation;
      return instead?.status === 'revoked' ? instead : undefined;
    },

    async expire(tokenId, now) {
      const { done } = await leaveIssued(tokenId, { status: 'expired' }, ' AND expiresAt <= :now', { ':now': now });
      return done;
    },
  };
}

const NEW = 'attribute_not_exists(pk)';

/** Returns the items of a new record: the record itself, and the pending index entry of a token. */
function putsOf(
  record: IssuedRecord | DeniedRecord,
): { Item: NonNullable<PutItemCommandInput['Item']>; ConditionExpression?: string }[] {
  const itself = { Item: toItem(record), ConditionExpression: NEW };
  if (record.status === 'denied') return [itself];
  // Expired tokens need no pending entry.
  const ttl = marshall({ ttl: Math.ceil(record.expiresAt / 1000) });
  return [itself, { Item: { ...indexKey(record, PENDING), ...ttl } }];
}
