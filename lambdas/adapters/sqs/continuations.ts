import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Continuations } from '@tvm/core/revocation/requests/ports.ts';
import * as z from 'zod';
import { awsCall } from '../aws-call.ts';

/** Maximum delay of an SQS message, in seconds: 15 minutes. */
const LONGEST = 900;

/** A message that continues a revocation. No EventBridge event matches this schema. */
export const continuation = z.strictObject({ goOnWith: z.string().min(1) });

/** Schedules the rest of a revocation as a message on the queue that delivers revocation events. */
export function sqsContinuations(sqs: SQSClient, QueueUrl: string): Continuations {
  return {
    async schedule(revocationId, after) {
      const message: z.infer<typeof continuation> = { goOnWith: revocationId };
      const DelaySeconds = Math.min(Math.max(Math.ceil(after), 0), LONGEST);
      const command = new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(message), DelaySeconds });
      await awsCall('SQS', sqs.send(command));
    },
  };
}
