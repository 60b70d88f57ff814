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
import { grantOnTable } from './grant-on-table.ts';
import type { Machine } from './machine.ts';
import type { Revocation } from './revocation.ts';
import { type ServiceDefaults, ServiceFunction } from './service-function.ts';
import { SigningKey } from './signing-key.ts';

export interface SecurityEventExchangeProps {
  machine: Machine;
  revocation: Revocation;
}

/**
 * Security events, to and from other systems (OpenID Shared Signals Framework): there is nothing of it where the
 * configuration names neither receivers nor transmitters.
 */
export class SecurityEventExchange extends Construct {
  /** Lets its bearer poll and control its stream, where a receiver may. */
  receiverPolicy: ManagedPolicy | undefined;

  constructor(scope: Construct, id: string, { machine, revocation }: SecurityEventExchangeProps) {
    super(scope, id);
    const { security_event_receivers: receivers, trusted_transmitters: transmitters } = machine.config;
    if (receivers.length > 0) this.transmit(receivers, machine);
    if (transmitters.length > 0) this.receive(transmitters, machine, revocation);
  }

  /** A rule, a queue and a function for each receiver: one that fails neither holds up nor repeats another. */
  private transmit(receivers: readonly SecurityEventReceiver[], machine: Machine): void {
    const { config, defaults, api, events } = machine;
    const key = new SigningKey(this, 'security-event-key', {
      // The CAEP Interoperability Profile asks for RS256.
      spec: 'RSA_2048',
      protect: config.data_protection,
      signs: 'security events',
    });
    const environment = { ISSUER: api.issuer, SIGNING_KEY_ARN: key.keyArn };
    const transmitters = receivers.map((receiver) => {
      const scope = new Construct(this, receiver.name);
      const telling = {
        ...environment,
        RECEIVER: receiver.name,
        RECEIVER_AUDIENCE: receiver.audience,
        RECEIVER_EVENTS: receiver.events.join(','),
      };
      const deadLetters = Lazy.string({ produce: () => mailbox.deadLetters.queueUrl });
      const teller =
        receiver.delivery === 'push'
          ? pushing(scope, receiver, { ...telling, DEAD_LETTER_QUEUE_URL: deadLetters }, defaults)
          : keeping(scope, receiver, telling, machine);
      const mailbox: Mailbox = events.bring(`transmit-security-events-to-${receiver.name}`, teller, {
        rules: [
          {
            name: 'ended',
            description: `What ${receiver.name} is told`,
            pattern: {
              source: [AUDIT_SOURCE],
              detailType: ['Token Revoked', 'Subject Blocked', 'Revocation Ordered', 'Verification Requested'],
            },
          },
        ],
        batchSize: 10,
        // What is kept is one partition of the table, which takes about 1,000 writes a second: the rest waits in the queue.
        ...(receiver.delivery === 'poll' && { maxConcurrency: 10 }),
      });
      if (receiver.delivery === 'push') events.allowDeadLetters(mailbox.deadLetters, teller.role);
      return teller.role;
    });
    key.signedOnlyBy(...transmitters);
    const polling = receivers.filter((receiver) => receiver.delivery === 'poll');
    if (polling.length > 0) this.letPoll(polling, machine);
    const known = receivers.filter((receiver) => receiver.principal !== undefined);
    if (known.length > 0) this.letControlStreams(known, machine);

    const serveTransmitterMetadata = new ServiceFunction(this, 'serve-transmitter-metadata', {
      defaults,
      description: 'GET /.well-known/ssf-configuration, /.well-known/security-event-keys.json',
      memorySize: 256,
      env: serveTransmitterMetadataEnv,
      environment: {
        ...environment,
        DELIVERIES: [...new Set(receivers.map(({ delivery }) => delivery))].join(','),
        STREAM_CONTROL: String(known.length > 0),
      },
    });
    key.grant(serveTransmitterMetadata, 'kms:GetPublicKey');
    for (const name of ['ssf-configuration', 'security-event-keys.json']) {
      api.openDocument(`/.well-known/${name}`, serveTransmitterMetadata);
    }
  }

  /** A path for the receivers that poll: each is known by its identity. */
  private letPoll(receivers: readonly Polling[], { defaults, records, api }: Machine): void {
    const pollSecurityEvents = new ServiceFunction(this, 'poll-security-events', {
      defaults,
      description: 'POST /security-events/poll: gives a receiver its security event tokens',
      memorySize: 512,
      env: pollSecurityEventsEnv,
      environment: { TABLE_NAME: records.tableName },
      files: {
        'receivers.json': JSON.stringify(Object.fromEntries(receivers.map(({ principal, name }) => [principal, name]))),
      },
    });
    const kept = receivers.map(({ name }) => `POLL#${name}`);
    grantOnTable(pollSecurityEvents, records.tableArn, records.encryptionKey, ['Query', 'DeleteItem'], kept);
    api.signed('/security-events/poll', pollSecurityEvents);
  }

  /** Paths for the receivers that have a principal: each reads its stream and has it verified. */
  private letControlStreams(
    receivers: readonly SecurityEventReceiver[],
    { config, defaults, records, api }: Machine,
  ): void {
    const controlStreams = new ServiceFunction(this, 'control-security-event-streams', {
      defaults,
      description:
        'GET /security-events/{streams,status}, POST /security-events/verification: a receiver and its stream',
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
    // A verification is a fact for the audit, from which the event follows as others do.
    records.allowNotingFacts(controlStreams, ['FACT#verification-*']);
    api.signed('/security-events/streams', controlStreams, 'GET');
    api.signed('/security-events/status', controlStreams, 'GET');
    api.signed('/security-events/verification', controlStreams);
    this.receiverPolicy = api.callerPolicy('security-event-receiver');
  }

  private receive(transmitters: Config['trusted_transmitters'], machine: Machine, revocation: Revocation): void {
    const { defaults, records, api, events } = machine;
    const receiveSecurityEvent = new ServiceFunction(this, 'receive-security-event', {
      defaults,
      description: 'POST /security-events: security event tokens of trusted transmitters revoke',
      memorySize: 512,
      timeout: Duration.seconds(29),
      env: receiveSecurityEventEnv,
      environment: {
        TABLE_NAME: records.tableName,
        ISSUER: api.issuer,
        TRUSTED_TRANSMITTERS: JSON.stringify(transmitters),
        ...revocation.ordering,
      },
    });
    // It places orders; to carry them out is for whoever reads the queue.
    const allow = (operations: string[], leadingKeys: string[]) =>
      grantOnTable(receiveSecurityEvent, records.tableArn, records.encryptionKey, operations, leadingKeys);
    allow(['GetItem'], ['TOKEN#*', 'SUBJECT#*', 'ORDER#*', 'SET#*']);
    allow(['PutItem'], ['ORDER#*', 'SET#*', 'FACT#*']);
    allow(['UpdateItem'], ['TOKEN#*', 'SUBJECT#*', 'SET#*']);
    records.allowSubjectFacts(receiveSecurityEvent);
    events.allowDeadLetters(revocation.mailbox.queue, receiveSecurityEvent.role);
    // Open: who transmits is known by the signature of what it transmits.
    api.open('/security-events', receiveSecurityEvent, 'POST');
  }
}

type Pushed = Extract<SecurityEventReceiver, { delivery: 'push' }>;
type Polling = Extract<SecurityEventReceiver, { delivery: 'poll' }>;

/** The function that pushes to a receiver. */
function pushing(
  scope: Construct,
  { name, url }: Pushed,
  environment: Record<Exclude<keyof z.infer<typeof transmitSecurityEventsEnv>, 'RECEIVER_URL'>, string>,
  defaults: ServiceDefaults,
) {
  return new ServiceFunction(scope, 'transmit-security-events', {
    defaults,
    description: `Tells ${name} of revoked tokens and subjects, as security event tokens`,
    memorySize: 512,
    timeout: Duration.seconds(30),
    env: transmitSecurityEventsEnv,
    environment: { ...environment, RECEIVER_URL: url },
  });
}

/** The function that keeps what a receiver is told until it asks for it. */
function keeping(
  scope: Construct,
  { name }: Polling,
  environment: Record<keyof z.infer<typeof transmitterEnv>, string>,
  { defaults, records }: Machine,
) {
  const keepSecurityEvents = new ServiceFunction(scope, 'keep-security-events', {
    defaults,
    description: `Keeps for ${name} that tokens and subjects were revoked, as security event tokens`,
    memorySize: 512,
    timeout: Duration.seconds(30),
    env: keepSecurityEventsEnv,
    environment: { ...environment, TABLE_NAME: records.tableName },
  });
  grantOnTable(keepSecurityEvents, records.tableArn, records.encryptionKey, ['PutItem'], [`POLL#${name}`]);
  return keepSecurityEvents;
}
