import { randomInt } from 'node:crypto';
import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Clock } from '@tvm/core/ports.ts';
import type { StatusIndexes } from '@tvm/core/status-lists/ports.ts';
import { LEASE, LEASED_PLACES } from '@tvm/core/status-lists/status-list.ts';
import { awsCall } from '../aws-call.ts';
import { once } from '../once.ts';
import { conditionHolds } from './condition.ts';
import { ALLOCATION_KEY } from './status-lists.ts';

/** With fewer places left than this, the next block is leased while what is left is handed out. */
const LOW = LEASED_PLACES / 4;

/** Indexes in one list that are this process's alone, to be handed out from the last on before `until` (milliseconds). */
interface Block {
  list: number;
  indexes: number[];
  until: number;
}

/**
 * Places in the status lists, leased in blocks by one conditional write each: no two blocks ever overlap, whatever is
 * lost or tried twice, and what a process did not hand out stays unused. The indexes of a block are handed out in random
 * order, so that two tokens do not tell how many were issued in between (draft-ietf-oauth-status-list-20, section 13.2).
 *
 * @param size of a list, in places
 */
export function dynamoStatusIndexes(
  dynamo: DynamoDBClient,
  TableName: string,
  size: number,
  clock: Clock,
): StatusIndexes & {
  /** Resolves when the first block is there, so that the first token need not wait for it. */
  ready(): Promise<void>;
} {
  const blocks: Block[] = [];
  let leasing: Promise<void> | undefined;

  /** Leases a block; while one is on its way, no other. */
  function lease(): Promise<void> {
    leasing ??= leaseBlock(dynamo, TableName, size, clock)
      .then((block) => void blocks.push(block))
      .finally(() => {
        leasing = undefined;
      });
    return leasing;
  }

  /** Places left in blocks that are in the first half of their time. */
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
        // Nobody waits for it: if it fails, a later call tries again, and the last one says so.
        if (left(now) < LOW) lease().catch(() => {});
        return { list: block.list, index };
      }
    },
  };
}

async function leaseBlock(dynamo: DynamoDBClient, TableName: string, size: number, clock: Clock): Promise<Block> {
  // Counted from before the call: whoever reads afterwards that a list is full knows when its last place is used up.
  const until = clock.now() + LEASE * 1000;
  for (;;) {
    const leased = await leaseOfList(dynamo, TableName, size);
    if (leased.places !== undefined) return { ...leased.places, until };
    await beginList(dynamo, TableName, leased.full);
  }
}

/** Leases of the list that is handed out now; `full` is its number where it has no place left, 0 where there is none. */
async function leaseOfList(dynamo: DynamoDBClient, TableName: string, size: number) {
  const command = new UpdateItemCommand({
    TableName,
    Key: ALLOCATION_KEY,
    UpdateExpression: 'ADD #next :places',
    ConditionExpression: '#next < :size',
    ExpressionAttributeNames: { '#next': 'next' },
    ExpressionAttributeValues: marshall({ ':places': LEASED_PLACES, ':size': size }),
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const answer = dynamo.send(command).catch((error: unknown) => {
    if (error instanceof ConditionalCheckFailedException) return { full: Number(error.Item?.list?.N ?? 0) };
    throw error;
  });
  const leased = await awsCall('DynamoDB', answer);
  if ('full' in leased) return { full: leased.full };
  const { list, next } = unmarshall(leased.Attributes ?? {});
  return { full: 0, places: { list, indexes: randomOrder(next - LEASED_PLACES, Math.min(next, size)) } };
}

/** The numbers from `first` up to `end`, without it, in random order; but 0, whose event has its list published, last. */
function randomOrder(first: number, end: number): number[] {
  const numbers = Array.from({ length: end - first }, (_, offset) => first + offset);
  const kept = first === 0 ? numbers.splice(0, 1) : [];
  // Fisher and Yates.
  for (let left = numbers.length; left > 1; left--) {
    const [drawn = 0] = numbers.splice(randomInt(left), 1);
    numbers.push(drawn);
  }
  return [...numbers, ...kept];
}

/** Begins the list after one that is full. Of several that do so at once, one does it. */
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
