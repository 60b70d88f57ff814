import { ChangeMessageVisibilityBatchCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Retries } from '../../middleware/queue-handler.ts';
import { awsCall } from '../aws-call.ts';

/** Maximum number of messages in one SQS call. */
const BATCH = 10;

/** Makes SQS deliver messages again before the visibility timeout of their queue. */
export function sqsRetries(sqs: SQSClient): Retries {
  return {
    async after(queueArn, messages) {
      const [, , , , account, name] = queueArn.split(':');
      const command = new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account });
      const { QueueUrl } = await awsCall('SQS', sqs.send(command));
      for (let first = 0; first < messages.length; first += BATCH) {
        const Entries = messages.slice(first, first + BATCH).map(({ receiptHandle, seconds }, index) => ({
          Id: String(index),
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: seconds,
        }));
        await awsCall('SQS', sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })));
      }
    },
  };
}
