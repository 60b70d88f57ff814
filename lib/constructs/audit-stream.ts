import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, type DynamoEventSourceProps, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { AUDIT_SORT_KEYS } from '#lambdas/shared/audit-item-keys.ts';

/**
 * The table's stream as an event source, filtered to the items that the audit needs. At most two functions should read
 * the stream, since a shard supports two readers.
 *
 * @param deadLetters receives the positions of records that could not be processed
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
 */
export function auditStream(
  records: Table,
  deadLetters: Queue,
  props: Pick<
    DynamoEventSourceProps,
    'batchSize' | 'maxBatchingWindow' | 'parallelizationFactor' | 'bisectBatchOnError' | 'retryAttempts'
  >,
): DynamoEventSource {
  return new DynamoEventSource(records, {
    ...props,
    startingPosition: StartingPosition.TRIM_HORIZON,
    filters: [
      FilterCriteria.filter({
        eventName: FilterRule.or('INSERT', 'MODIFY'),
        dynamodb: { Keys: { sk: { S: AUDIT_SORT_KEYS } } },
      }),
    ],
    onFailure: new SqsDlq(deadLetters),
  });
}
