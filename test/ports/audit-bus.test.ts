import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { auditEventExamples } from '@tvm/contract/event-examples.ts';
import type { AuditEvent } from '@tvm/contract/events.ts';
import type { AuditBus, DeadLetters } from '@tvm/core/audit/publish-audit.ts';
import { describe, expect, inject, it } from 'vitest';
import { eventBridgeAuditBus } from '#lambdas/adapters/eventbridge/audit-bus.ts';
import { sqsDeadLetters } from '#lambdas/adapters/sqs/dead-letters.ts';
import { inMemoryAudit } from '../fakes/in-memory-audit.ts';
import { auditListener } from '../support/audit-listener.ts';
import { eventually } from '../support/eventually.ts';

const { target, outputs } = inject('deployed');
const eventBridge = new EventBridgeClient(target);

/** A bus and a dead-letter queue, with the events of one token that they received. */
interface Audit {
  bus: AuditBus;
  deadLetters: DeadLetters;
  heard(tokenId: string): Promise<AuditEvent[]>;
  dead(tokenId: string): Promise<AuditEvent[]>;
}

async function inMemory(): Promise<Audit> {
  const { bus, deadLetters, published, dead } = inMemoryAudit();
  const of = (events: AuditEvent[], tokenId: string) => events.filter((event) => isAbout(event, tokenId));
  return { bus, deadLetters, heard: async (id) => of(published, id), dead: async (id) => of(dead, id) };
}

async function onAws(): Promise<Audit> {
  const listener = await auditListener();
  const sqs = new SQSClient(target);
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'ports-dead-letters' }));
  return {
    bus: eventBridgeAuditBus(eventBridge, outputs.EventBusName),
    deadLetters: sqsDeadLetters(sqs, QueueUrl),
    heard: (tokenId) => listener.eventsWith('tokenId', tokenId),
    async dead(tokenId) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      const letters: AuditEvent[] = Messages.map(({ Body = '' }) => JSON.parse(Body));
      return letters.filter((event) => isAbout(event, tokenId));
    },
  };
}

/** Returns one event of each kind about a token, all about the same token. */
function lifeOf(tokenId: string): AuditEvent[] {
  return auditEventExamples
    .filter((event) => 'tokenId' in event.detail)
    .map((event) => ({ ...event, detail: { ...event.detail, tokenId } }) as AuditEvent);
}

function isAbout({ detail }: AuditEvent, tokenId: string): boolean {
  return 'tokenId' in detail && detail.tokenId === tokenId;
}

describe.each([
  ['in memory', inMemory],
  ['EventBridge and SQS', onAws],
])('the audit: %s', (_, make) => {
  // In any order: EventBridge guarantees none, and LocalStack keeps none.
  it('delivers every event unchanged to every listener', async () => {
    const { bus, heard } = await make();
    const tokenId = crypto.randomUUID();
    for (const event of lifeOf(tokenId)) expect(await bus.put([event])).toEqual([]);
    const life = lifeOf(tokenId);
    await eventually(async () => {
      const events = await heard(tokenId);
      expect(events).toHaveLength(life.length);
      expect(events).toEqual(expect.arrayContaining(life));
    });
  });

  it('accepts several events at a time', async () => {
    const { bus, heard } = await make();
    const tokenIds = Array.from({ length: 10 }, () => crypto.randomUUID());
    const events = tokenIds.flatMap((tokenId) => lifeOf(tokenId).slice(0, 1));
    expect(await bus.put(events)).toEqual([]);
    for (const tokenId of tokenIds) await eventually(async () => expect(await heard(tokenId)).toHaveLength(1));
  });

  it('stores dead letters unchanged', async () => {
    const { deadLetters, dead } = await make();
    const tokenId = crypto.randomUUID();
    const [event] = lifeOf(tokenId);
    if (event === undefined) throw new Error('no event');
    await deadLetters.put(event);
    await eventually(async () => expect(await dead(tokenId)).toEqual([event]));
  });
});

it('a bus that cannot be reached returns the events that it did not accept', async () => {
  const nowhere = new EventBridgeClient({ ...target, endpoint: 'http://127.0.0.1:9', maxAttempts: 1 });
  const events = lifeOf(crypto.randomUUID());
  expect(await eventBridgeAuditBus(nowhere, outputs.EventBusName).put(events)).toEqual(events);
});
