import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { AwsClient } from 'aws4fetch';
import type { Target } from '#scripts/emulators/target.ts';

/** The part of a stream record that the tests read. */
export interface StreamRecord {
  eventName: string;
  dynamodb: { Keys: { pk: { S: string } }; SizeBytes: number };
}

/** Returns all records of a table's stream, in order. */
export async function streamOf(target: Target, TableName: string): Promise<StreamRecord[]> {
  const { Table } = await new DynamoDBClient(target).send(new DescribeTableCommand({ TableName }));
  const StreamArn = Table?.LatestStreamArn;
  const { StreamDescription } = await streams(target, 'DescribeStream', { StreamArn });
  const records: StreamRecord[] = [];
  for (const { ShardId } of StreamDescription.Shards) {
    const start = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
    let { ShardIterator } = await streams(target, 'GetShardIterator', start);
    for (let full = true; full && ShardIterator; ) {
      const page = await streams(target, 'GetRecords', { ShardIterator });
      records.push(...page.Records);
      full = page.Records.length > 0;
      ShardIterator = page.NextShardIterator;
    }
  }
  return records;
}

interface StreamResponse {
  StreamDescription: { Shards: { ShardId: string }[] };
  ShardIterator?: string;
  Records: StreamRecord[];
  NextShardIterator?: string;
}

/** Calls DynamoDB Streams. Nothing else here needs its client. */
async function streams(target: Target, operation: string, input: object): Promise<StreamResponse> {
  const client = new AwsClient({ ...target.credentials, region: target.region, service: 'dynamodb', retries: 0 });
  const response = await client.fetch(target.endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDBStreams_20120810.${operation}`,
    },
    body: JSON.stringify(input),
  });
  if (!response.ok) throw new Error(`${operation} got ${response.status}`);
  return (await response.json()) as StreamResponse;
}
