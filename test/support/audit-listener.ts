import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { inject } from 'vitest';
import type { AuditEvent } from '../../contract/events.ts';

const { target, outputs } = inject('deployed');

export interface AuditListener {
  /** What came until now that has this member in its detail, in the order it came. */
  eventsWith(member: string, value: unknown): Promise<AuditEvent[]>;
}

/** Listens on the bus as a security team does: a rule, and a queue of its own. */
export async function auditListener(name: string): Promise<AuditListener> {
  const eventBridge = new EventBridgeClient(target);
  const sqs = new SQSClient(target);
  const EventBusName = outputs.EventBusName;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  await eventBridge.send(new PutRuleCommand({ Name: name, EventBusName, EventPattern: '{"source":["tvm"]}' }));
  const Targets = [{ Id: 'queue', Arn: Attributes?.QueueArn ?? '' }];
  await eventBridge.send(new PutTargetsCommand({ Rule: name, EventBusName, Targets }));

  const seen: AuditEvent[] = [];
  return {
    async eventsWith(member, value) {
      for (;;) {
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
        if (Messages.length === 0) break;
        for (const { Body = '' } of Messages) {
          const { 'detail-type': detailType, detail } = JSON.parse(Body);
          seen.push({ detailType, detail });
        }
        const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
        await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
      }
      return seen.filter(({ detail }) => (detail as Record<string, unknown>)[member] === value);
    },
  };
}
