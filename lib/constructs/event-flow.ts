import { AUDIT_SOURCE, REVOCATION_REQUESTED } from '@tvm/contract/events.ts';
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import {
  type CfnEventBus,
  EventBus,
  type EventPattern,
  type IEventBus,
  Rule,
  type Schedule,
} from 'aws-cdk-lib/aws-events';
import {
  AnyPrincipal,
  Effect,
  type ManagedPolicy,
  PolicyDocument,
  PolicyStatement,
  type Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { principalArnsOf } from './principal-arns.ts';

const BUS_NAME = 'tvm';

/**
 * How often a message is received before it becomes a dead letter. Failed messages are retried after 2, 4, 8, … 64
 * seconds and then every 2 minutes, for about 28 minutes in all. A shorter outage therefore leaves no dead letters.
 */
const RECEIVED_AT_MOST = 20;

export interface EventFlowProps {
  encryptionKey: IKey;
  /** Allow calls of the queues without TLS. Only for emulators. */
  plainHttp: boolean;
}

/** The events for a function, and how they are delivered. */
export interface EventDelivery {
  rules: ({ name: string; description: string } & (
    | {
        pattern: EventPattern;
        /** Default: the bus `tvm`. */
        bus?: IEventBus;
      }
    /** A schedule, which creates events of the type `Scheduled Event`. */
    | { schedule: Schedule }
  ))[];
  /** Maximum number of events in a batch. Default: 1. */
  batchSize?: number;
  /** How long to wait for a batch to fill, in seconds. Default: 0. */
  batchWindow?: number;
  /** Maximum number of concurrent batches, at least 2. Default: unlimited. */
  maxConcurrency?: number;
}

/** The queue of a function's events, and the queue of those that it could not process. */
export interface Mailbox {
  queue: Queue;
  deadLetters: Queue;
}

/**
 * The bus `tvm`, which carries outgoing audit events and incoming revocation requests. Failed events are never dropped.
 */
export class EventFlow extends Construct {
  readonly bus: EventBus;
  /** Audit events that could not be published. */
  readonly auditDeadLetters: Queue;
  /** Events that rules could not deliver to targets without their own dead-letter queue, mostly of schedules. */
  readonly ruleDeadLetters: Queue;
  /** All dead-letter queues, each with the alarm that goes off on its first message. */
  readonly deadLetterQueues: { name: string; queue: Queue; alarm: Alarm }[] = [];
  /** All queues that deliver events to a function, with the name of the use case. */
  readonly mailboxes: { name: string; queue: Queue }[] = [];
  private readonly props: EventFlowProps;

  constructor(scope: Construct, id: string, props: EventFlowProps) {
    super(scope, id);
    this.props = props;
    this.bus = new EventBus(this, 'bus', {
      eventBusName: BUS_NAME,
      description: 'Token vending machine: audit and revocation',
    });
    this.auditDeadLetters = this.deadLetters('audit-dead-letters');
    this.ruleDeadLetters = this.deadLetters('rules-dead-letters');
  }

  /** Lets one role publish audit events, and denies their source to everybody else, so that nobody can forge them. */
  publishedOnlyBy(role: Role): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['events:PutEvents'],
        resources: [this.bus.eventBusArn],
        // The condition key has a value for each entry of a call. `ForAllValues` also allows calls without the key,
        // since the emulator does not provide it.
        conditions: { 'ForAllValues:StringEquals': { 'events:source': AUDIT_SOURCE } },
      }),
    );
    const onlyThePublisher = new PolicyStatement({
      sid: 'OnlyThePublisherPutsAuditEvents',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['events:PutEvents'],
      resources: [Stack.of(this).formatArn({ service: 'events', resource: 'event-bus', resourceName: BUS_NAME })],
      conditions: {
        'ForAnyValue:StringEquals': { 'events:source': AUDIT_SOURCE },
        ArnNotLike: { 'aws:PrincipalArn': principalArnsOf(role) },
      },
    });
    // A property of the bus rather than an AWS::Events::EventBusPolicy, so that the bus never exists without the
    // policy.
    const bus = this.bus.node.defaultChild as CfnEventBus;
    bus.policy = new PolicyDocument({ statements: [onlyThePublisher] });
  }

  /** Lets a role send messages to a queue. */
  allowDeadLetters(queue: Queue, role: Role): void {
    queue.grantSendMessages(role);
    for (const action of ['kms:GenerateDataKey*', 'kms:ReEncrypt*']) {
      Validations.of(role).acknowledge({
        id: `AwsSolutions-IAM5[Action::${action}]`,
        reason: 'CDK’s grant for an encrypted queue covers the variants of one operation; the resource is one key.',
      });
    }
  }

  /**
   * Delivers events to a function through a queue, which stores each event until it is processed. An event moves to the
   * function's dead-letter queue, which has an alarm, if it fails for about half an hour ({@link RECEIVED_AT_MOST}), or
   * if EventBridge cannot put it on the queue.
   *
   * @param id the prefix of the names of rules, queues and the alarm; usually the function's use case
   */
  deliver(
    id: string,
    consumer: LambdaFunction,
    { rules, batchSize = 1, batchWindow = 0, maxConcurrency }: EventDelivery,
  ): Mailbox {
    const deadLetters = this.deadLetters(`${id}-dead-letters`);
    const queue = this.queue(`${id}-queue`, {
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      // Applies only to aborted invocations. Messages whose failure an invocation reports are retried within seconds
      // (lambdas/middleware/queue-handler.ts).
      visibilityTimeout: Duration.seconds(6 * (consumer.timeout ?? Duration.seconds(3)).toSeconds() + batchWindow),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: RECEIVED_AT_MOST },
    });
    const deadLetterConfig = { arn: deadLetters.queueArn };
    const created = rules.map(
      ({ name, description, ...when }) =>
        new Rule(this, `${id}-${name}`, {
          ...('schedule' in when
            ? { schedule: when.schedule }
            : { eventBus: when.bus ?? this.bus, eventPattern: when.pattern }),
          description,
          targets: [{ bind: () => ({ arn: queue.queueArn, deadLetterConfig }) }],
        }),
    );
    for (const target of [queue, deadLetters]) this.grantSend(created, target);
    consumer.addEventSource(
      new SqsEventSource(queue, {
        batchSize,
        maxBatchingWindow: Duration.seconds(batchWindow),
        reportBatchItemFailures: true,
        ...(maxConcurrency !== undefined && { maxConcurrency }),
      }),
    );
    this.mailboxes.push({ name: id, queue });
    return { queue, deadLetters };
  }

  /** Lets principals with a managed policy request revocations on the bus, with one of these event sources. */
  grantRevocationRequests(sources: readonly string[], policy: ManagedPolicy): void {
    if (sources.length === 0) return;
    policy.addStatements(
      new PolicyStatement({
        actions: ['events:PutEvents'],
        resources: [this.bus.eventBusArn],
        conditions: {
          'ForAllValues:StringEquals': { 'events:source': [...sources], 'events:detail-type': REVOCATION_REQUESTED },
        },
      }),
    );
  }

  /** Stores the events of a rule for 14 days, for people to read. */
  keep(id: string, rule: Rule): Queue {
    const queue = this.queue(id, { retentionPeriod: Duration.days(14) });
    Validations.of(queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'No function reads the queue, so no message can fail.',
    });
    const deadLetterConfig = { arn: this.ruleDeadLetters.queueArn };
    rule.addTarget({ bind: () => ({ arn: queue.queueArn, deadLetterConfig }) });
    for (const target of [queue, this.ruleDeadLetters]) this.grantSend([rule], target);
    return queue;
  }

  /** Creates a dead-letter queue, with an alarm that goes off on its first message. */
  deadLetters(id: string): Queue {
    const queue = this.queue(id, { retentionPeriod: Duration.days(14) });
    Validations.of(queue).acknowledge({ id: 'AwsSolutions-SQS3', reason: 'The queue is itself a dead-letter queue.' });
    const alarm = new Alarm(this, `${id}-alarm`, {
      alarmDescription: `There are messages in ${id}: see docs/how-to/monitor.md`,
      metric: queue.metricApproximateNumberOfMessagesVisible(),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    this.deadLetterQueues.push({ name: id, queue, alarm });
    return queue;
  }

  /**
   * Lets only these rules send to a queue. CDK's own target would let every rule send to an encrypted queue. Anyone who
   * can create a rule in the account could then forge events of any source.
   */
  private grantSend(rules: readonly Rule[], target: Queue): void {
    target.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [target.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': rules.map((rule) => rule.ruleArn) } },
      }),
    );
  }

  private queue(id: string, props: QueueProps): Queue {
    const { encryptionKey, plainHttp } = this.props;
    const queue = new Queue(this, id, {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: encryptionKey,
      enforceSSL: !plainHttp,
      removalPolicy: RemovalPolicy.DESTROY,
      ...props,
    });
    if (plainHttp) {
      Validations.of(queue).acknowledge({
        id: 'AwsSolutions-SQS4',
        reason: 'An emulator speaks plain HTTP, on loopback.',
      });
    }
    return queue;
  }
}
