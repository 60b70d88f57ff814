import { randomUUID } from 'node:crypto';
import {
  type DynamoDBClient,
  GetItemCommand,
  TransactWriteItemsCommand,
  type Update,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { type AuditFact, subjectBlocked, subjectLimited, subjectUnblocked } from '@tvm/core/records/audit-fact.ts';
import type { SubjectStatuses } from '@tvm/core/records/ports.ts';
import { awsCall } from '../aws-call.ts';
import { conditionHolds } from './condition.ts';
import { subjectFactKey, subjectStatusKey, subjectStatusOf } from './items.ts';
import { retryConflicts } from './transaction-conflict.ts';

/** How long a fact about a subject is stored, in seconds: the retention of the dead-letter queue, and a day. */
const FACT_KEPT = 15 * 86_400;

type Change = Pick<Update, 'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames'>;

/** Subject statuses, stored in the token records table. */
export function dynamoSubjectStatuses(dynamo: DynamoDBClient, TableName: string): SubjectStatuses {
  function update(subject: string, change: Change, values: Record<string, unknown>) {
    return {
      TableName,
      Key: subjectStatusKey(subject),
      ...change,
      ExpressionAttributeValues: marshall(values, { removeUndefinedValues: true }),
    };
  }

  /**
   * Changes a subject's status and, in the same transaction, stores a fact about the change for the audit. The next
   * change overwrites the status but not the fact.
   *
   * @returns whether the condition of the change held
   */
  async function changeWithFact(
    subject: string,
    change: Change,
    values: Record<string, unknown>,
    { detailType, detail }: AuditFact,
  ): Promise<boolean> {
    const ttl = Math.ceil(Date.now() / 1000) + FACT_KEPT;
    const Item = {
      ...subjectFactKey(subject, randomUUID()),
      ...marshall({ detailType, detail, ttl }, { removeUndefinedValues: true }),
    };
    const command = new TransactWriteItemsCommand({
      TransactItems: [{ Update: update(subject, change, values) }, { Put: { TableName, Item } }],
    });
    return conditionHolds(retryConflicts(() => dynamo.send(command)));
  }

  async function get(subject: string) {
    const command = new GetItemCommand({ TableName, Key: subjectStatusKey(subject), ConsistentRead: true });
    const { Item } = await awsCall('DynamoDB', dynamo.send(command));
    return Item === undefined ? {} : (subjectStatusOf(Item) ?? {});
  }

  return {
    get,

    // The item has no time to live. There is at most one per subject, and its watermark, block and limit end at
    // different times.
    async raise(subject, revokedBefore) {
      const change = {
        UpdateExpression: 'SET revokedBefore = :revokedBefore',
        ConditionExpression: 'attribute_not_exists(revokedBefore) OR revokedBefore < :revokedBefore',
      };
      // No fact is needed: the revocation request that raises the watermark has its own audit event.
      const command = new UpdateItemCommand(update(subject, change, { ':revokedBefore': revokedBefore }));
      await conditionHolds(retryConflicts(() => dynamo.send(command)));
    },

    async block(subject, block) {
      const longer = await changeWithFact(
        subject,
        {
          UpdateExpression: 'SET #block = :block',
          ConditionExpression: 'attribute_not_exists(#block) OR #block.#until < :until',
          ExpressionAttributeNames: { '#block': 'block', '#until': 'until' },
        },
        { ':block': block, ':until': block.until },
        subjectBlocked(subject, block),
      );
      return longer ? block.until : ((await get(subject)).block?.until ?? block.until);
    },

    unblock(subject, lifted) {
      return changeWithFact(
        subject,
        {
          UpdateExpression: 'REMOVE #block',
          ConditionExpression: '#block.#until > :now',
          ExpressionAttributeNames: { '#block': 'block', '#until': 'until' },
        },
        { ':now': lifted.at },
        subjectUnblocked(subject, lifted),
      );
    },

    async limit(subject, limit) {
      await changeWithFact(
        subject,
        { UpdateExpression: 'SET #limit = :limit', ExpressionAttributeNames: { '#limit': 'limit' } },
        { ':limit': limit },
        subjectLimited(subject, limit),
      );
    },
  };
}
