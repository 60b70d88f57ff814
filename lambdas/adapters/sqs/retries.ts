import { ChangeMessageVisibilityBatchCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Retries } from '../../middleware/queue-handler.ts';
import { awsCall } from '../aws-call.ts';

/** SQS takes at most this many messages in one call. */
const BATCH = 10;

/** Brings messages of SQS queues back sooner than their queue's visibility timeout. */
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
