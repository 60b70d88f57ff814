import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { awsCall } from '../aws-call.ts';

/** Sends dead letters to an SQS queue, each as one JSON message. */
export function sqsDeadLetters(sqs: SQSClient, QueueUrl: string): { put(letter: object): Promise<void> } {
  return {
    async put(letter) {
      await awsCall('SQS', sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(letter) })));
    },
  };
}
