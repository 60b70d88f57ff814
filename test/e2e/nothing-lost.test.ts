import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type QueueAttributeName,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { AuditEvent } from '@tvm/contract/events.ts';
import { beforeAll, expect, inject, it } from 'vitest';
import { recordKey } from '#lambdas/adapters/dynamo/items.ts';
import { watchAudit } from '#scripts/local/audit-watch.ts';
import { archived } from '../support/deployed-archive.ts';
import { ask } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';
import { denied, functionOf, restore, roleOf, throttled, unthrottled } from '../support/outage.ts';

const { target, outputs } = inject('deployed');
const lambda = new LambdaClient(target);
const dynamo = new DynamoDBClient(target);
const sqs = new SQSClient(target);

/** A fault that keeps a reader of the stream from working. */
interface Fault {
  where: string;
  /** Whether decisions during the fault become dead letters. */
  letters: boolean;
  begin(): Promise<void>;
  end(): Promise<void>;
}

let publisherFaults: Fault[];
let archiverFaults: Fault[];
beforeAll(async () => {
  const faultsOf = async (useCase: string, services: string[][]): Promise<Fault[]> => {
    const [role, name] = [await roleOf(useCase), await functionOf(useCase)];
    return [
      ...services.map((actions) => ({
        where: `${useCase}: ${actions.join(' and ')} refused`,
        letters: actions.join() === 'events:PutEvents',
        begin: () => denied(role, ...actions),
        end: () => restore(role),
      })),
      { where: `${useCase}: throttled`, letters: false, begin: () => throttled(name), end: () => unthrottled(name) },
    ];
  };
  // Without the dead-letter queue too, the publisher can only leave records in the stream.
  publisherFaults = await faultsOf('publish-audit', [['events:PutEvents'], ['events:PutEvents', 'sqs:SendMessage']]);
  archiverFaults = await faultsOf('archive-audit', [['s3:PutObject'], ['dynamodb:Query']]);
});

it('nothing is lost while the publisher and the archiver fail together: afterwards each decision is on the bus, and once in the archive', async () => {
  const watch = await watchAudit(target, outputs.EventBusName);
  const decisions: string[] = [];
  const injected: string[] = [];
  for (const publisherFault of publisherFaults) {
    for (const archiverFault of archiverFaults) {
      const faults = [publisherFault, archiverFault];
      const before = await deadLetters();
      await Promise.all(faults.map(({ begin }) => begin()));
      injected.push(faults.map(({ where }) => where).join(', '));
      const meanwhile: string[] = [];
      try {
        for (const audience of ['orders-db', 'billing', 'orders-db']) {
          meanwhile.push(await decide(audience));
        }
        if (publisherFault.letters) await eventually(async () => expect(await deadLetters()).toBeGreaterThan(before));
        expect(await archivedOf(meanwhile)).toEqual([]);
      } finally {
        await Promise.all(faults.map(({ end }) => end()));
      }
      decisions.push(...meanwhile);
    }
  }
  decisions.push(await decide('orders-db'));

  const seen: AuditEvent[] = [];
  const onTheBus = () =>
    eventIdsBy(
      seen.map(({ detail }) => detail as Record<string, unknown>),
      decisions,
    );
  let republished = 0;
  await eventually(async () => {
    for (let some = await watch.arrived(0); some.length > 0; some = await watch.arrived(0)) seen.push(...some);
    republished += await republishDeadLetters(decisions);
    expect([...onTheBus().keys()].toSorted()).toEqual(decisions.toSorted());
    expect((await archivedOf(decisions)).toSorted()).toEqual(decisions.toSorted());
  }, 60_000);

  // The bus and the archive have the same changes. Duplicates on the bus have the same ID.
  const inTheArchive = eventIdsBy(await archived(), decisions);
  expect(onTheBus()).toEqual(inTheArchive);
  for (const eventIds of inTheArchive.values()) expect(eventIds.size).toBe(1);
  await watch.close();
  console.log(
    `${decisions.length} decisions, ${republished} of them through dead letters, through ${2 * injected.length} faults:\n` +
      injected.map((pair) => `  ${pair}`).join('\n'),
  );
  expect(republished).toBeGreaterThan(0);
}, 180_000);

/**
 * Requests a token. Policy allows it only for `orders-db`. @returns the ID of the request, which identifies the
 * decision
 */
async function decide(audience: string): Promise<string> {
  const { status, body } = await ask({ audience });
  expect([status, audience]).toEqual([audience === 'orders-db' ? 200 : 403, audience]);
  if (body.request_id !== undefined) return String(body.request_id);
  const record = await dynamo.send(
    new GetItemCommand({ TableName: outputs.TableName, Key: recordKey(String(body.token_id)), ConsistentRead: true }),
  );
  return record.Item?.requestId?.S ?? '';
}

/** Returns the requests whose decision is in the archive, once per occurrence. */
async function archivedOf(requestIds: readonly string[]): Promise<string[]> {
  return (await archived())
    .filter(({ detailType }) => detailType === 'Token Issued' || detailType === 'Token Denied')
    .map(({ requestId }) => String(requestId))
    .filter((requestId) => requestIds.includes(requestId));
}

/** Returns the IDs of the events about these requests, by request. */
function eventIdsBy(details: Record<string, unknown>[], requestIds: readonly string[]): Map<string, Set<unknown>> {
  const known = details.filter(({ requestId }) => requestIds.includes(String(requestId)));
  const byRequest = Map.groupBy(known, ({ requestId }) => String(requestId));
  return new Map(
    requestIds.flatMap((id) => {
      const events = byRequest.get(id);
      return events === undefined ? [] : [[id, new Set(events.map(({ eventId }) => eventId))] as const];
    }),
  );
}

/** Returns the number of the publisher's dead letters. */
async function deadLetters(): Promise<number> {
  const AttributeNames: QueueAttributeName[] = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];
  const get = new GetQueueAttributesCommand({ QueueUrl: outputs.AuditDeadLetterQueueUrl, AttributeNames });
  const { Attributes = {} } = await sqs.send(get);
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

/** Publishes dead letters again, as docs/how-to/handle-dead-letters.md describes for operators. @returns how many */
async function republishDeadLetters(requestIds: readonly string[]): Promise<number> {
  const QueueUrl = outputs.AuditDeadLetterQueueUrl;
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  let republished = 0;
  for (const { Body = '', ReceiptHandle } of Messages) {
    const { detail } = JSON.parse(Body);
    if (!requestIds.includes(detail?.requestId)) continue;
    const get = new GetItemCommand({ TableName: outputs.TableName, Key: recordKey(detail.tokenId) });
    const { Item } = await dynamo.send(get);
    const dynamodb = { NewImage: { ...Item, signedDigest: undefined } };
    const Payload = JSON.stringify({ Records: [{ eventID: detail.eventId, eventName: 'INSERT', dynamodb }] });
    const response = await lambda.send(new InvokeCommand({ FunctionName: await functionOf('publish-audit'), Payload }));
    expect(response.FunctionError).toBeUndefined();
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    republished += 1;
  }
  return republished;
}
