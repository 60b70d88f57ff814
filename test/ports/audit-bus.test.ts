import {
  DeleteRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { AuditEvent } from '../../contract/events.ts';
import { eventBridgeAuditBus } from '../../lambdas/adapters/eventbridge-audit-bus.ts';
import { sqsDeadLetters } from '../../lambdas/adapters/sqs-dead-letters.ts';
import { eventually } from '../support/eventually.ts';

const { target, outputs } = inject('deployed');
const eventBridge = new EventBridgeClient(target);
const sqs = new SQSClient(target);

const detail = (tokenId: string) => ({ tokenId, eventId: `event-${tokenId}`, time: new Date().toISOString() });
const event = (tokenId: string) => ({ detailType: 'Token Issued', detail: detail(tokenId) }) as AuditEvent;

async function received(QueueUrl: string): Promise<Record<string, unknown>[]> {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  return Messages.map((message) => JSON.parse(message.Body ?? ''));
}

describe('the audit bus', () => {
  const Rule = 'ports-audit-bus';
  let QueueUrl: string;

  beforeAll(async () => {
    QueueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: Rule }))).QueueUrl ?? '';
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    const EventPattern = JSON.stringify({ source: ['tvm'], detail: { eventId: [{ prefix: 'event-ports-' }] } });
    await eventBridge.send(new PutRuleCommand({ Name: Rule, EventBusName: outputs.EventBusName, EventPattern }));
    const Targets = [{ Id: 'queue', Arn: Attributes?.QueueArn ?? '' }];
    await eventBridge.send(new PutTargetsCommand({ Rule, EventBusName: outputs.EventBusName, Targets }));
  });
  afterAll(async () => {
    await eventBridge.send(new RemoveTargetsCommand({ Rule, EventBusName: outputs.EventBusName, Ids: ['queue'] }));
    await eventBridge.send(new DeleteRuleCommand({ Name: Rule, EventBusName: outputs.EventBusName }));
  });

  it('carries events to whoever listens', async () => {
    const bus = eventBridgeAuditBus(eventBridge, outputs.EventBusName);
    expect(await bus.put([event('ports-1'), event('ports-2')])).toEqual([]);
    const seen: Record<string, unknown>[] = [];
    await eventually(async () => {
      seen.push(...(await received(QueueUrl)));
      expect(seen).toHaveLength(2);
    });
    expect(seen).toMatchObject([
      { source: 'tvm', 'detail-type': 'Token Issued', detail: { tokenId: 'ports-1' } },
      { source: 'tvm', 'detail-type': 'Token Issued', detail: { tokenId: 'ports-2' } },
    ]);
  });

  it('gives back what it did not take', async () => {
    const nowhere = new EventBridgeClient({ ...target, endpoint: 'http://127.0.0.1:9', maxAttempts: 1 });
    const events = [event('ports-3')];
    expect(await eventBridgeAuditBus(nowhere, outputs.EventBusName).put(events)).toEqual(events);
  });
});

it('dead letters are kept whole', async () => {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'ports-dead-letters' }));
  await sqsDeadLetters(sqs, QueueUrl).put(event('ports-4'));
  await eventually(async () => {
    expect(await received(QueueUrl)).toMatchObject([{ detailType: 'Token Issued', detail: { tokenId: 'ports-4' } }]);
  });
});
