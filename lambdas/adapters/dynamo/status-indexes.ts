import { randomInt } from 'node:crypto';
import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Clock } from '@tvm/core/ports.ts';
import type { StatusIndexes } from '@tvm/core/status-lists/ports.ts';
import { LEASE, LEASE_SIZE } from '@tvm/core/status-lists/status-list.ts';
import { awsCall } from '../aws-call.ts';
import { once } from '../once.ts';
import { conditionHolds } from './condition.ts';
import { ALLOCATION_KEY } from './status-lists.ts';

/** With fewer indexes left than this, the next block is leased in the background. */
const LOW = LEASE_SIZE / 4;

/** Indexes in one list, leased to this process. They are assigned from the end, before `until` (milliseconds). */
interface Block {
  list: number;
  indexes: number[];
  until: number;
}

/**
 * Assigns indexes in the status lists. Each process leases blocks of indexes, each block with one conditional write.
 * Blocks never overlap, even if a response is lost and the write is retried. Indexes that a process leased but did not
 * assign stay unused. The indexes of a block are assigned in random order, so that the indexes of two tokens do not
 * reveal how many tokens were issued in between (draft-ietf-oauth-status-list-20, section 13.2).
 *
 * @param size number of indexes in a list
 */
export function dynamoStatusIndexes(
  dynamo: DynamoDBClient,
  TableName: string,
  size: number,
  clock: Clock,
): StatusIndexes & {
  /** Leases the first block in advance, so that the first token does not wait for it. */
  ready(): Promise<void>;
} {
  const blocks: Block[] = [];
  let leasing: Promise<void> | undefined;

  /** Leases a block, or waits for the lease in flight. */
  function lease(): Promise<void> {
    leasing ??= leaseBlock(dynamo, TableName, size, clock)
      .then((block) => void blocks.push(block))
      .finally(() => {
        leasing = undefined;
      });
    return leasing;
  }

  /** Number of indexes left in blocks in the first half of their lease. */
  const left = (now: number) =>
    blocks.reduce((sum, { indexes, until }) => sum + (until - now > LEASE * 500 ? indexes.length : 0), 0);

  return {
    ready: once(lease),

    async take() {
      for (;;) {
        const now = clock.now();
        while (blocks[0] !== undefined && (blocks[0].indexes.length === 0 || blocks[0].until <= now)) blocks.shift();
        const [block] = blocks;
        const index = block?.indexes.pop();
        if (block === undefined || index === undefined) {
          await lease();
          continue;
        }
        // Runs in the background. If it fails, a later call leases again; once no index is left, the error is thrown.
        if (left(now) < LOW) lease().catch(() => {});
        return { list: block.list, index };
      }
    },
  };
}

async function leaseBlock(dynamo: DynamoDBClient, TableName: string, size: number, clock: Clock): Promise<Block> {
  // Measured from before the call, so that the last lease of a full list has a known latest end.
  const until = clock.now() + LEASE * 1000;
  for (;;) {
    const leased = await leaseOfList(dynamo, TableName, size);
    if (leased.block !== undefined) return { ...leased.block, until };
    await beginList(dynamo, TableName, leased.full);
  }
}

/**
 * Leases a block of the current list.
 *
 * @returns the block. If the list has no index left, `full` is the list's number; if there is no list yet, it is 0.
 */
async function leaseOfList(dynamo: DynamoDBClient, TableName: string, size: number) {
  const command = new UpdateItemCommand({
    TableName,
    Key: ALLOCATION_KEY,
    UpdateExpression: 'ADD #next :leased',
    ConditionExpression: '#next < :size',
    ExpressionAttributeNames: { '#next': 'next' },
    ExpressionAttributeValues: marshall({ ':leased': LEASE_SIZE, ':size': size }),
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const response = dynamo.send(command).catch((error: unknown) => {
    if (error instanceof ConditionalCheckFailedException) return { full: Number(error.Item?.list?.N ?? 0) };
    throw error;
  });
  const leased = await awsCall('DynamoDB', response);
  if ('full' in leased) return { full: leased.full };
  const { list, next } = unmarshall(leased.Attributes ?? {});
  return { full: 0, block: { list, indexes: randomOrder(next - LEASE_SIZE, Math.min(next, size)) } };
}

/**
 * Returns the numbers from `first` up to but not including `end`, in random order. Index 0 is always last and therefore
 * assigned first, because the event of that token triggers the publication of its list.
 */
function randomOrder(first: number, end: number): number[] {
  const numbers = Array.from({ length: end - first }, (_, offset) => first + offset);
  const zero = first === 0 ? numbers.splice(0, 1) : [];
  // Fisher–Yates shuffle.
  for (let left = numbers.length; left > 1; left--) {
    const [drawn = 0] = numbers.splice(randomInt(left), 1);
    numbers.push(drawn);
  }
  return [...numbers, ...zero];
}

/** Begins the list after a full one. If several processes try at once, one of them succeeds. */
async function beginList(dynamo: DynamoDBClient, TableName: string, full: number): Promise<void> {
  const command = new UpdateItemCommand({
    TableName,
    Key: ALLOCATION_KEY,
    UpdateExpression: 'SET #list = :list, #next = :none',
    ConditionExpression: full === 0 ? 'attribute_not_exists(#list)' : '#list = :full',
    ExpressionAttributeNames: { '#list': 'list', '#next': 'next' },
    ExpressionAttributeValues: marshall({ ':list': full + 1, ':none': 0, ...(full > 0 && { ':full': full }) }),
  });
  await conditionHolds(dynamo.send(command));
}
