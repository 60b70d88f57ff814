import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  LambdaClient,
  ListFunctionsCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { auditEvents } from '@tvm/contract/events.ts';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type AuditListener, auditListener } from '../support/audit-listener.ts';
import { curl, formData } from '../support/curl.ts';
import { ask, endpoint, introspect, operator, readOrders, vend, workload } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';

const { target, outputs } = inject('deployed');
const SUBJECT = 'arn:aws:iam::000000000000:user/orders-service';
const bus = new EventBridgeClient({ ...target, credentials: operator });
const inactive = (token: string) => eventually(async () => expect(await introspect(token)).toEqual({ active: false }));

let audit: AuditListener;
beforeAll(async () => {
  audit = await auditListener();
});
/** Returns a token's events. Introspection after its revocation causes an event and an anomaly, which are excluded. */
const eventsOf = (tokenId: string, ...types: string[]) =>
  eventually(async () => {
    const all = await audit.eventsWith('tokenId', tokenId);
    const events = all.filter(({ detailType }) => !['Token Introspected', 'Anomaly Detected'].includes(detailType));
    expect(events.map(({ detailType }) => detailType)).toEqual(types);
    for (const { detailType, detail } of events)
      expect(() => auditEvents[detailType].strict().parse(detail)).not.toThrow();
    return events;
  });

/** Puts `Revocation Requested` on the bus, with the operator’s own credentials. */
async function request(detail: object, source = 'security.team') {
  const entry = {
    EventBusName: outputs.EventBusName,
    Source: source,
    DetailType: 'Revocation Requested',
    Detail: JSON.stringify(detail),
  };
  const { FailedEntryCount } = await bus.send(new PutEventsCommand({ Entries: [entry] }));
  expect(FailedEntryCount).toBe(0);
}

describe('the audit records', () => {
  it('every issued token and every denial', async () => {
    const { tokenId } = await vend({ reason: 'nightly report' });
    const [issued] = await eventsOf(tokenId, 'Token Issued');
    expect(issued?.detail).toMatchObject({
      subject: SUBJECT,
      account: '000000000000',
      audience: 'orders-db',
      authorizationDetails: [readOrders],
      sourceIp: '127.0.0.1',
      reason: 'nightly report',
      policies: ['orders-service-reads-orders'],
    });
    const denied = await ask({ authorization_details: [{ ...readOrders, actions: ['write'] }] });
    await eventually(async () => {
      expect(await audit.eventsWith('requestId', denied.body.request_id)).toMatchObject([
        { detailType: 'Token Denied', detail: { subject: SUBJECT, denial: 'policy', policies: [] } },
      ]);
    });
  });

  it('the life of one token in order, also if it is short', async () => {
    const { token, tokenId } = await vend();
    await curl(`${endpoint}/revoke`, workload, ...formData({ token }));
    const [issued, revoked] = await eventsOf(tokenId, 'Token Issued', 'Token Revoked');
    expect(revoked?.detail).toMatchObject({ revokedBy: SUBJECT });
    expect(issued?.detail.eventId).not.toBe(revoked?.detail.eventId);
  });
});

describe('a token is revoked', () => {
  it('by its owner, by ID, idempotently', async () => {
    const { token, tokenId } = await vend();
    for (let time = 0; time < 2; time++) {
      const { status, body } = await curl(`${endpoint}/revoke`, workload, ...formData({ token_id: tokenId }));
      expect([status, body]).toEqual([200, {}]);
    }
    expect(await introspect(token)).toEqual({ active: false });
    await eventsOf(tokenId, 'Token Issued', 'Token Revoked');
  });

  it('by an operator, by ID', async () => {
    const { token, tokenId } = await vend();
    const revoke = () =>
      curl(`${endpoint}/revocations`, operator, ...formData({ token_id: tokenId, reason: 'leaked' }));
    expect((await revoke()).body).toEqual({ status: 'done', revoked: 1 });
    expect((await revoke()).body).toEqual({ status: 'done', revoked: 0 });
    expect(await introspect(token)).toEqual({ active: false });
    const [, revoked] = await eventsOf(tokenId, 'Token Issued', 'Token Revoked');
    expect(revoked?.detail).toMatchObject({
      revokedBy: 'arn:aws:iam::000000000000:user/security-operator',
      revocationReason: 'leaked',
    });
  });

  it('once by two concurrent operators', async () => {
    const { tokenId } = await vend();
    const revoke = () => curl(`${endpoint}/revocations`, operator, ...formData({ token_id: tokenId }));
    const answers = await Promise.all([revoke(), revoke()]);
    expect(answers.map(({ body }) => body.revoked).sort()).toEqual([0, 1]);
    await eventsOf(tokenId, 'Token Issued', 'Token Revoked');
  });

  it('by an event that names it', async () => {
    const { token, tokenId } = await vend();
    await request({ tokenId, reason: 'laptop stolen' });
    await inactive(token);
    const [, revoked] = await eventsOf(tokenId, 'Token Issued', 'Token Revoked');
    expect(revoked?.detail).toMatchObject({ revokedBy: 'security.team', revocationReason: 'laptop stolen' });
  });

  it('by an event about its subject, which can get new tokens if it is not blocked', async () => {
    const tokens = [await vend(), await vend(), await vend()];
    await request({ subject: SUBJECT, blockFor: 0 });
    for (const { token, tokenId } of tokens) {
      await inactive(token);
      await eventsOf(tokenId, 'Token Issued', 'Token Revoked');
    }
    expect(await introspect((await vend()).token)).toHaveProperty('active', true);
  });

  it('and stays revoked when the functions restart', async () => {
    const { token, tokenId } = await vend();
    const other = await vend();
    await curl(`${endpoint}/revoke`, workload, ...formData({ token_id: tokenId }));
    const lambda = new LambdaClient(target);
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
    const { FunctionName, Environment } = Functions.find((one) => one.FunctionName?.includes('introspecttoken')) ?? {};
    const restarted = { Variables: { ...Environment?.Variables, RESTARTED: '1' } };
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: restarted }));
    await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 20 }, { FunctionName });
    expect(await introspect(token)).toEqual({ active: false });
    expect(await introspect(other.token)).toHaveProperty('active', true);
  });
});

describe('a token is not revoked', () => {
  it('by an event of a source that the configuration does not name', async () => {
    const { token, tokenId } = await vend();
    const anyone = new EventBridgeClient(target);
    const entry = {
      EventBusName: outputs.EventBusName,
      DetailType: 'Revocation Requested',
      Detail: JSON.stringify({ tokenId }),
    };
    await anyone.send(new PutEventsCommand({ Entries: [{ ...entry, Source: 'someone.else' }] }));
    // The next event comes after it, from the configured source.
    const marker = await vend();
    await request({ tokenId: marker.tokenId });
    await inactive(marker.token);
    expect(await introspect(token)).toHaveProperty('active', true);
  });

  it('by a malformed event, which is stored for the operator', async () => {
    const { token, tokenId } = await vend();
    await request({ tokenId, everything: true });
    const sqs = new SQSClient(target);
    await eventually(async () => {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: outputs.RevocationDeadLetterQueueUrl }),
      );
      expect(Messages.map(({ Body }) => Body).join()).toContain(tokenId);
    });
    expect(await introspect(token)).toHaveProperty('active', true);
  });

  it('by a workload that it was not issued to', async () => {
    const { token, tokenId } = await vend();
    expect(await curl(`${endpoint}/revocations`, workload, ...formData({ token_id: tokenId }))).toMatchObject({
      status: 403,
    });
    expect(await introspect(token)).toHaveProperty('active', true);
  });

  it('by an operator that sends the token itself', async () => {
    const { token } = await vend();
    expect(await curl(`${endpoint}/revocations`, operator, ...formData({ token }))).toMatchObject({ status: 400 });
    expect(await introspect(token)).toHaveProperty('active', true);
  });
});
