import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { awsCall } from '../aws-call.ts';

/** Dead letters on an SQS queue: each message is one of them, whole, as JSON. */
export function sqsDeadLetters(sqs: SQSClient, QueueUrl: string): { put(letter: object): Promise<void> } {
  return {
    async put(letter) {
      await awsCall('SQS', sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(letter) })));
    },
  };
}
