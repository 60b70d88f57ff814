import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  type Put,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { limits } from '../../contract/limits.ts';
import { mapAtMost } from '../../core/at-most.ts';
import type { RevocationOrders } from '../../core/oversight-ports.ts';
import { DependencyFault } from '../../core/ports.ts';
import { type OrderState, placesOf, type RevocationOrder } from '../../core/revocation/order.ts';
import { awsCall } from './aws-call.ts';
import { conditionHolds } from './dynamo-condition.ts';
import { lateKey, orderCopyKey, orderKey, orderOf, ordersPartition } from './dynamo-items.ts';

/** How many partitions are read at the same time. */
const AT_ONCE = 16;

/** How often a transaction is tried again when others are at the same items: for a second or so. */
const TRIES = 5;

/**
 * Revocation orders in the table of the token records. Beside an order lies a copy of it for each place in the index that
 * it looks at, where it is found for a token that is indexed there.
 *
 * @param retention how long an order is kept after the last token that it may select has ended, in seconds
 */
export function dynamoRevocationOrders(dynamo: DynamoDBClient, TableName: string, retention: number): RevocationOrders {
  async function get(revocationId: string): Promise<OrderState | undefined> {
    const command = new GetItemCommand({ TableName, Key: orderKey(revocationId), ConsistentRead: true });
    const { Item } = await awsCall('DynamoDB', dynamo.send(command));
    return Item && orderOf(Item);
  }

  /** All pages of a query. */
  async function query(input: Omit<QueryCommandInput, 'TableName'>) {
    const pages: { items: Record<string, AttributeValue>[]; count: number }[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const command = new QueryCommand({ TableName, ConsistentRead: true, ...input, ExclusiveStartKey: from });
      const { Items = [], Count = 0, LastEvaluatedKey } = await awsCall('DynamoDB', dynamo.send(command));
      pages.push({ items: Items, count: Count });
      from = LastEvaluatedKey;
    } while (from !== undefined);
    return pages;
  }

  /** Writes items, all or none: none where the first is there, or where a later one is in the place of another. */
  async function write(items: Put[]): Promise<'written' | 'known' | 'superseded'> {
    const command = new TransactWriteItemsCommand({ TransactItems: items.map((Put) => ({ Put })) });
    for (let attempt = 0; ; attempt++) {
      if (attempt > 0) await sleep(Math.random() * 25 * 2 ** attempt);
      const written = await awsCall(
        'DynamoDB',
        dynamo.send(command).then(() => 'written' as const, outcomeOfCancellation),
      );
      if (written !== 'conflict') return written;
      if (attempt === TRIES)
        throw new DependencyFault('DynamoDB', new Error('transactions on one item kept conflicting'));
    }
  }

  return {
    get,

    async place(order) {
      const ended = Math.ceil(order.from / 1000) + limits.lifetime;
      const state: OrderState = { ...order, revoked: 0 };
      const put = (key: Record<string, AttributeValue>, attributes: object, unlessLater = false): Put => ({
        TableName,
        Item: { ...key, ...marshall(attributes, { removeUndefinedValues: true }) },
        ConditionExpression: `attribute_not_exists(pk)${unlessLater ? ' OR revokedBefore < :revokedBefore' : ''}`,
        ...(unlessLater && { ExpressionAttributeValues: marshall({ ':revokedBefore': order.revokedBefore }) }),
      });
      const ofOwnTask = isOfOwnTask(order);
      const name = ofOwnTask ? order.by : order.revocationId;
      const itself = put(orderKey(order.revocationId), { ...state, ttl: ended + retention });
      const copies = placesOf(order).map((at) => put(orderCopyKey(at, name), { ...order, ttl: ended }, ofOwnTask));
      // All or nothing: an order without its copies would miss tokens.
      let done = await write([itself, ...copies]);
      if (done === 'superseded') done = await write([itself]);
      return done === 'written' ? state : ((await get(order.revocationId)) ?? state);
    },

    async advance(revocationId, from, { revoked, late, position, completedAt }) {
      const set = Object.entries({ revoked, late, position, completedAt }).filter(([, value]) => value !== undefined);
      const removed = position === undefined ? ' REMOVE #position' : '';
      const stands = from === undefined ? 'attribute_not_exists(#position)' : '#position = :from';
      const names = ['position', 'completedAt', ...set.map(([name]) => name)];
      const command = new UpdateItemCommand({
        TableName,
        Key: orderKey(revocationId),
        UpdateExpression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}${removed}`,
        ConditionExpression: `attribute_exists(pk) AND attribute_not_exists(#completedAt) AND ${stands}`,
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: marshall({
          ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
          ...(from !== undefined && { ':from': from }),
        }),
      });
      return conditionHolds(dynamo.send(command));
    },

    async atWorkOn(entries) {
      const partitions = [...new Set(entries.map(ordersPartition))];
      const now = Date.now() / 1000;
      const found = await mapAtMost(AT_ONCE, partitions, (partition) =>
        query({
          KeyConditionExpression: 'pk = :partition',
          ExpressionAttributeValues: marshall({ ':partition': partition }),
        }),
      );
      const orders = new Map<string, RevocationOrder>();
      for (const item of found.flat().flatMap(({ items }) => items)) {
        const { pk, sk, ttl, ...order } = unmarshall(item);
        // DynamoDB deletes it some time after its time to live.
        if (ttl > now) orders.set(order.revocationId, order as RevocationOrder);
      }
      return [...orders.values()];
    },

    async noteLate(revocationId, tokenId) {
      const ttl = Math.ceil(Date.now() / 1000) + limits.lifetime + retention;
      const Item = { ...lateKey(revocationId, tokenId), ...marshall({ ttl }) };
      await awsCall('DynamoDB', dynamo.send(new PutItemCommand({ TableName, Item })));
    },

    async late(revocationId) {
      const { pk, sk } = unmarshall(lateKey(revocationId, ''));
      const pages = await query({
        Select: 'COUNT',
        KeyConditionExpression: 'pk = :order AND begins_with(sk, :late)',
        ExpressionAttributeValues: marshall({ ':order': pk, ':late': sk }),
      });
      return pages.reduce((sum, { count }) => sum + count, 0);
    },
  };
}

/**
 * What a cancelled transaction means, by the reasons that DynamoDB gives for each of its items.
 *
 * @returns `conflict` where another write to one of the items was under way, which the AWS SDK does not try again
 *   (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling)
 * @throws what else went wrong
 */
function outcomeOfCancellation(error: unknown): 'known' | 'superseded' | 'conflict' {
  const reasons = error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : [];
  const codes = reasons.map(({ Code }) => Code);
  if (codes[0] === 'ConditionalCheckFailed') return 'known';
  if (codes.includes('ConditionalCheckFailed')) return 'superseded';
  if (codes.includes('TransactionConflict')) return 'conflict';
  throw error;
}

/**
 * Whether a workload gave it about a task of its own. It may do so as often as it likes, and each copy would be read for each
 * token of that task: so there is one for each workload, of the latest order, which selects all that the earlier ones do.
 */
function isOfOwnTask({ by, selector: { subject, task, ...others } }: RevocationOrder): boolean {
  return by === subject && task !== undefined && Object.values(others).every((other) => other === undefined);
}
