import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Continuations } from '@tvm/core/revocation/orders/ports.ts';
import * as z from 'zod';
import { awsCall } from '../aws-call.ts';

/** SQS delays a message for at most 15 minutes. */
const LONGEST = 900;

/** A message that has a revocation gone on with. No event of EventBridge looks like it. */
export const continuation = z.strictObject({ goOnWith: z.string().min(1) });

/** Revocations to be gone on with, as messages on the queue that brings the requests for them. */
export function sqsContinuations(sqs: SQSClient, QueueUrl: string): Continuations {
  return {
    async goOnWith(revocationId, after) {
      const message: z.infer<typeof continuation> = { goOnWith: revocationId };
      const DelaySeconds = Math.min(Math.max(Math.ceil(after), 0), LONGEST);
      const command = new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(message), DelaySeconds });
      await awsCall('SQS', sqs.send(command));
    },
  };
}
