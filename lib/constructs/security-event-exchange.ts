import { AUDIT_SOURCE } from '@tvm/contract/events.ts';
import type { SecurityEventReceiver } from '@tvm/contract/security-event.ts';
import { Duration, Lazy } from 'aws-cdk-lib';
import type { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type * as z from 'zod';
import { controlSecurityEventStreamsEnv } from '#lambdas/control-security-event-streams/env.ts';
import { keepSecurityEventsEnv } from '#lambdas/keep-security-events/env.ts';
import { pollSecurityEventsEnv } from '#lambdas/poll-security-events/env.ts';
import { receiveSecurityEventEnv } from '#lambdas/receive-security-event/env.ts';
import { serveTransmitterMetadataEnv } from '#lambdas/serve-transmitter-metadata/env.ts';
import type { transmitterEnv } from '#lambdas/shared/transmitter-env.ts';
import { transmitSecurityEventsEnv } from '#lambdas/transmit-security-events/env.ts';
import type { Config } from '../config/config.ts';
import type { Mailbox } from './event-flow.ts';
import type { Foundation } from './foundation.ts';
import { grantOnTable } from './grant-on-table.ts';
import type { Revocation } from './revocation.ts';
import { type ServiceDefaults, ServiceFunction } from './service-function.ts';
import { SigningKey } from './signing-key.ts';

export interface SecurityEventExchangeProps {
  foundation: Foundation;
  revocation: Revocation;
}

/**
 * Exchanges security events with other systems (OpenID Shared Signals Framework). Without configured receivers and
 * transmitters it creates no resources.
 */
export class SecurityEventExchange extends Construct {
  /** A managed policy for receivers that poll, or that control their stream. */
  receiverPolicy: ManagedPolicy | undefined;

  constructor(scope: Construct, id: string, { foundation, revocation }: SecurityEventExchangeProps) {
    super(scope, id);
    const { security_event_receivers: receivers, trusted_transmitters: transmitters } = foundation.config;
    if (receivers.length > 0) this.transmit(receivers, foundation);
    if (transmitters.length > 0) this.receive(transmitters, foundation, revocation);
  }

  /** Creates rules, a queue and a function for each receiver, so that a failing receiver does not affect the others. */
  private transmit(receivers: readonly SecurityEventReceiver[], foundation: Foundation): void {
    const { config, defaults, api, events } = foundation;
    const key = new SigningKey(this, 'security-event-key', {
      // The CAEP Interoperability Profile requires RS256.
      spec: 'RSA_2048',
      protect: config.data_protection,
      signs: 'security events',
    });
    const environment = { ISSUER: api.issuer, SIGNING_KEY_ARN: key.keyArn };
    const transmitters = receivers.map((receiver) => {
      const scope = new Construct(this, receiver.name);
      const receiverEnvironment = {
        ...environment,
        RECEIVER: receiver.name,
        RECEIVER_AUDIENCE: receiver.audience,
        RECEIVER_EVENTS: receiver.events.join(','),
      };
      const deadLetters = Lazy.string({ produce: () => mailbox.deadLetters.queueUrl });
      const transmitter =
        receiver.delivery === 'push'
          ? pushing(scope, receiver, { ...receiverEnvironment, DEAD_LETTER_QUEUE_URL: deadLetters }, defaults)
          : keeping(scope, receiver, receiverEnvironment, foundation);
      const mailbox: Mailbox = events.deliver(`transmit-security-events-to-${receiver.name}`, transmitter, {
        rules: [
          {
            name: 'ended',
            description: `Audit events for ${receiver.name}`,
            pattern: {
              source: [AUDIT_SOURCE],
              detailType: ['Token Revoked', 'Subject Blocked', 'Revocation Ordered', 'Verification Requested'],
            },
          },
        ],
        batchSize: 10,
        // Pending tokens of a receiver share one partition of the table, which accepts about 1,000 writes per second.
        ...(receiver.delivery === 'poll' && { maxConcurrency: 10 }),
      });
      if (receiver.delivery === 'push') events.allowDeadLetters(mailbox.deadLetters, transmitter.role);
      return transmitter.role;
    });
    key.signedOnlyBy(...transmitters);
    const polling = receivers.filter((receiver) => receiver.delivery === 'poll');
    if (polling.length > 0) this.addPollPath(polling, foundation);
    const identified = receivers.filter((receiver) => receiver.principal !== undefined);
    if (identified.length > 0) this.addStreamPaths(identified, foundation);

    const serveTransmitterMetadata = new ServiceFunction(this, 'serve-transmitter-metadata', {
      defaults,
      description: 'GET /.well-known/ssf-configuration, /.well-known/security-event-keys.json',
      memorySize: 256,
      env: serveTransmitterMetadataEnv,
      environment: {
        ...environment,
        DELIVERIES: [...new Set(receivers.map(({ delivery }) => delivery))].join(','),
        STREAM_CONTROL: String(identified.length > 0),
      },
    });
    key.grant(serveTransmitterMetadata, 'kms:GetPublicKey');
    for (const name of ['ssf-configuration', 'security-event-keys.json']) {
      api.openDocument(`/.well-known/${name}`, serveTransmitterMetadata);
    }
  }

  /** Creates the path for polling receivers, which IAM identifies. */
  private addPollPath(receivers: readonly Polling[], { defaults, records, api }: Foundation): void {
    const pollSecurityEvents = new ServiceFunction(this, 'poll-security-events', {
      defaults,
      description: 'POST /security-events/poll: returns security event tokens to a receiver',
      memorySize: 512,
      env: pollSecurityEventsEnv,
      environment: { TABLE_NAME: records.tableName },
      files: {
        'receivers.json': JSON.stringify(Object.fromEntries(receivers.map(({ principal, name }) => [principal, name]))),
      },
    });
    const pending = receivers.map(({ name }) => `POLL#${name}`);
    grantOnTable(pollSecurityEvents, records.tableArn, records.encryptionKey, ['Query', 'DeleteItem'], pending);
    api.signed('/security-events/poll', pollSecurityEvents);
  }

  /** Creates the paths on which receivers with a principal read their stream and request verification events. */
  private addStreamPaths(
    receivers: readonly SecurityEventReceiver[],
    { config, defaults, records, api }: Foundation,
  ): void {
    const controlStreams = new ServiceFunction(this, 'control-security-event-streams', {
      defaults,
      description:
        'GET /security-events/{streams,status}, POST /security-events/verification: controls a receiver’s stream',
      memorySize: 512,
      env: controlSecurityEventStreamsEnv,
      environment: {
        ISSUER: api.issuer,
        TABLE_NAME: records.tableName,
        RECORD_RETENTION: String(config.record_retention),
      },
      files: {
        'receivers.json': JSON.stringify(Object.fromEntries(receivers.map((one) => [one.principal, one]))),
      },
    });
    // A verification request is stored as a fact for the audit, which then causes the security event.
    records.allowNotingFacts(controlStreams, ['FACT#verification-*']);
    api.signed('/security-events/streams', controlStreams, 'GET');
    api.signed('/security-events/status', controlStreams, 'GET');
    api.signed('/security-events/verification', controlStreams);
    this.receiverPolicy = api.callerPolicy('security-event-receiver');
  }

  private receive(transmitters: Config['trusted_transmitters'], foundation: Foundation, revocation: Revocation): void {
    const { defaults, records, api, events } = foundation;
    const receiveSecurityEvent = new ServiceFunction(this, 'receive-security-event', {
      defaults,
      description: 'POST /security-events: revokes tokens by security event tokens of trusted transmitters',
      memorySize: 512,
      timeout: Duration.seconds(29),
      env: receiveSecurityEventEnv,
      environment: {
        TABLE_NAME: records.tableName,
        ISSUER: api.issuer,
        TRUSTED_TRANSMITTERS: JSON.stringify(transmitters),
        ...revocation.environment,
      },
    });
    // The function only submits revocation requests. revoke-tokens-by-event completes them.
    const allow = (operations: string[], leadingKeys: string[]) =>
      grantOnTable(receiveSecurityEvent, records.tableArn, records.encryptionKey, operations, leadingKeys);
    allow(['GetItem'], ['TOKEN#*', 'SUBJECT#*', 'ORDER#*', 'SET#*']);
    allow(['PutItem'], ['ORDER#*', 'SET#*', 'FACT#*']);
    allow(['UpdateItem'], ['TOKEN#*', 'SUBJECT#*', 'SET#*']);
    records.allowSubjectFacts(receiveSecurityEvent);
    events.allowDeadLetters(revocation.mailbox.queue, receiveSecurityEvent.role);
    // Without IAM authorization: the token's signature authenticates the transmitter.
    api.open('/security-events', receiveSecurityEvent, 'POST');
  }
}

type Pushed = Extract<SecurityEventReceiver, { delivery: 'push' }>;
type Polling = Extract<SecurityEventReceiver, { delivery: 'poll' }>;

/** Creates the function that pushes security event tokens to a receiver. */
function pushing(
  scope: Construct,
  { name, url }: Pushed,
  environment: Record<Exclude<keyof z.infer<typeof transmitSecurityEventsEnv>, 'RECEIVER_URL'>, string>,
  defaults: ServiceDefaults,
) {
  return new ServiceFunction(scope, 'transmit-security-events', {
    defaults,
    description: `Pushes security event tokens about revoked tokens and subjects to ${name}`,
    memorySize: 512,
    timeout: Duration.seconds(30),
    env: transmitSecurityEventsEnv,
    environment: { ...environment, RECEIVER_URL: url },
  });
}

/** Creates the function that stores security event tokens until a receiver polls them. */
function keeping(
  scope: Construct,
  { name }: Polling,
  environment: Record<keyof z.infer<typeof transmitterEnv>, string>,
  { defaults, records }: Foundation,
) {
  const keepSecurityEvents = new ServiceFunction(scope, 'keep-security-events', {
    defaults,
    description: `Stores security event tokens about revoked tokens and subjects for ${name} to poll`,
    memorySize: 512,
    timeout: Duration.seconds(30),
    env: keepSecurityEventsEnv,
    environment: { ...environment, TABLE_NAME: records.tableName },
  });
  grantOnTable(keepSecurityEvents, records.tableArn, records.encryptionKey, ['PutItem'], [`POLL#${name}`]);
  return keepSecurityEvents;
}
