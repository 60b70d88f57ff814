import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, inject, it } from 'vitest';
import { sqsRetries } from '#lambdas/adapters/sqs/retries.ts';
import { eventually } from '../support/eventually.ts';

const { target } = inject('deployed');
const sqs = new SQSClient(target);

it('messages of a queue return after the requested delay, also more than SQS accepts in one call', async () => {
  const attributes = { VisibilityTimeout: '3600' };
  const created = await sqs.send(new CreateQueueCommand({ QueueName: 'ports-retries', Attributes: attributes }));
  const { QueueUrl = '' } = created;
  const bodies = Array.from({ length: 15 }, (_, nth) => `message ${nth}`);
  for (const part of [bodies.slice(0, 10), bodies.slice(10)]) {
    const Entries = part.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
  const received = new Map<string, string>();
  const receive = async () => {
    const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
    for (const { Body = '', ReceiptHandle = '' } of (await sqs.send(command)).Messages ?? []) {
      received.set(Body, ReceiptHandle);
    }
    expect([...received.keys()].sort()).toEqual(bodies.toSorted());
  };
  await eventually(receive);

  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const messages = [...received.values()].map((receiptHandle) => ({ receiptHandle, seconds: 1 }));
  received.clear();
  await sqsRetries(sqs).after(Attributes?.QueueArn ?? '', messages);
  await eventually(receive);
});
