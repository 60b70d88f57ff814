import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DeadLetters } from '../../core/publish-audit.ts';
import { awsCall } from './aws-call.ts';

/** Dead letters on an SQS queue: each message is one audit event, whole, as `{detailType, detail}`. */
export function sqsDeadLetters(sqs: SQSClient, QueueUrl: string): DeadLetters {
  return {
    async put(event) {
      await awsCall('SQS', sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(event) })));
    },
  };
}
