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

/** A security team's view of all audit events: a rule on the bus and a queue that it sends to. */
export interface AuditWatch {
  /**
   * @param wait maximum time to wait for an event, in seconds
   * @returns the events since the last call, in the order of arrival, which may differ from the order of their times
   */
  arrived(wait: number): Promise<AuditEvent[]>;
  /**
   * Receives events until `complete` returns true or the timeout has passed.
   *
   * @param complete receives all events so far, without duplicates and in the order of their times
   * @param timeout in milliseconds
   * @returns those events
   */
  receive(complete: (events: AuditEvent[]) => boolean, timeout: number): Promise<AuditEvent[]>;
  /** Deletes the rule and the queue. */
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
  // AWS delivers only the messages that the queue's policy allows this rule to send.
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
      // Delivery is at least once and unordered: remove duplicates by event ID and sort by event time.
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
