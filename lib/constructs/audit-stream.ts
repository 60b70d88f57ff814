import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, type DynamoEventSourceProps, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { AUDIT_SORT_KEYS } from '#lambdas/shared/audit-item-keys.ts';

/**
 * The table's stream, for a function that tells of what changes. A shard of it has room for two readers.
 *
 * @param deadLetters told where in the stream the records are that it gave up
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
