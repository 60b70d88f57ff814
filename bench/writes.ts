import { BatchWriteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { limits } from '@tvm/contract/limits.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { tokenEntries } from '@tvm/core/records/token-selector.ts';
import { dynamoTokenIndex } from '#lambdas/adapters/dynamo/token-index.ts';
import { dynamoTokenRecords } from '#lambdas/adapters/dynamo/token-records.ts';
import { asking, from, inMemoryService, rules } from '#test/fakes/in-memory-service.ts';
import { CheckFailed } from './check.ts';

/** The number of items written for a decision: while the caller waits, and later during indexing. */
export interface Writes {
  decided: number;
  indexed: number;
}

/** Counts the items that the adapters write for cheap and expensive decisions, without entries of secondary indexes. */
export async function writesByDecision(): Promise<Record<string, Writes>> {
  return {
    'token, one location': await writesOf('orders-db', 1, 2),
    [`token, ${await most()} locations of 16 segments`]: await writesOf('orders-db', await most(), 16),
    'denial, one location': await writesOf('vault', 1, 2),
    'denial, 50 locations of 16 segments': await writesOf('vault', 50, 16),
  };
}

/** Returns the maximum number of locations of 16 segments in a token, if the locations share only the root. */
async function most(): Promise<number> {
  const { record } = await decided('orders-db', 1, 16);
  const [common, each] = [tokenEntries(record).length - 15, 15];
  return Math.floor((limits.indexEntries - common) / each);
}

async function decided(root: string, locations: number, segments: number) {
  const tvm = await inMemoryService();
  const below = Array.from({ length: segments - 2 }, (_, segment) => `/s${segment}`).join('');
  const details = {
    type: 'resource' as const,
    locations: Array.from({ length: locations }, (_, nth) => `${root}/${nth}${below}`),
    actions: ['read' as const],
  };
  await issueToken(asking({ authorization_details: [details] }), from, rules, tvm);
  const [record] = tvm.records.states.values();
  if (record?.status !== 'issued' && record?.status !== 'denied') throw new CheckFailed('no decision was recorded');
  if ((record.status === 'denied') !== (root === 'vault')) throw new CheckFailed('the decision was unexpected');
  return { record };
}

async function writesOf(root: string, locations: number, segments: number): Promise<Writes> {
  const { record } = await decided(root, locations, segments);
  let items = 0;
  const send = async (command: unknown) => {
    if (command instanceof PutItemCommand) items += 1;
    if (command instanceof BatchWriteItemCommand)
      items += Object.values(command.input.RequestItems ?? {}).flat().length;
    return {};
  };
  const dynamo = { send } as unknown as DynamoDBClient;
  await dynamoTokenRecords(dynamo, 'table').put(record);
  const decidedWrites = items;
  await dynamoTokenIndex(dynamo, 'table').add(record);
  return { decided: decidedWrites, indexed: items - decidedWrites };
}
