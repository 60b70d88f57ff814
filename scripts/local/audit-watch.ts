import { randomUUID } from 'node:crypto';
import {
  DeleteRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { AUDIT_SOURCE, type AuditEvent } from '@tvm/contract/events.ts';
import type { Target } from '../emulators/target.ts';

/** What a security team sets up to see every audit event: a rule on the bus and a queue behind it. */
export interface AuditWatch {
  /**
   * @param wait at most, for something to come, in seconds
   * @returns what came since the last call, in the order it came, which need not be the order in which it happened
   */
  arrived(wait: number): Promise<AuditEvent[]>;
  /**
   * Receives until the events are complete or the time is over.
   *
   * @param complete told the events so far, in the order in which things happened and each once
   * @param timeout milliseconds
   * @returns those events
   */
  receive(complete: (events: AuditEvent[]) => boolean, timeout: number): Promise<AuditEvent[]>;
  /** Takes the rule and the queue away. */
  close(): Promise<void>;
}

/** @param bus name of the event bus */
export async function watchAudit(target: Target, bus: string): Promise<AuditWatch> {
  const sqs = new SQSClient(target);
  const events = new EventBridgeClient(target);
  const name = `tvm-audit-watch-${randomUUID().slice(0, 8)}`;
  const rule = { Name: name, EventBusName: bus };
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const Arn = Attributes?.QueueArn ?? '';
  const EventPattern = JSON.stringify({ source: [AUDIT_SOURCE] });
  const { RuleArn } = await events.send(new PutRuleCommand({ ...rule, EventPattern }));
  // AWS delivers only what the queue's policy lets this rule send.
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: Arn,
      Condition: { ArnEquals: { 'aws:SourceArn': RuleArn } },
    },
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  await events.send(new PutTargetsCommand({ Rule: name, EventBusName: bus, Targets: [{ Id: 'queue', Arn }] }));

  async function arrived(wait: number): Promise<AuditEvent[]> {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: wait }),
    );
    if (Messages.length === 0) return [];
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    return Messages.map(({ Body = '{}' }) => {
      const { 'detail-type': detailType, detail } = JSON.parse(Body);
      return { detailType, detail };
    });
  }

  return {
    arrived,
    async receive(complete, timeout) {
      // Delivered at least once and in no order: told apart by their ids, sorted by when it happened.
      const seen = new Map<string, AuditEvent>();
      const inOrder = () => [...seen.values()].sort((a, b) => a.detail.time.localeCompare(b.detail.time));
      for (const deadline = Date.now() + timeout; Date.now() < deadline && !complete(inOrder()); ) {
        for (const event of await arrived(1)) seen.set(event.detail.eventId, event);
      }
      return inOrder();
    },
    async close() {
      await events.send(new RemoveTargetsCommand({ Rule: name, EventBusName: bus, Ids: ['queue'] }));
      await events.send(new DeleteRuleCommand(rule));
      await sqs.send(new DeleteQueueCommand({ QueueUrl }));
    },
  };
}
