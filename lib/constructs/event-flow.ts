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
 * How often a message is received before it becomes a dead letter. Failed messages are retried after 2, 4, 8, … 64 seconds
 * and then every 2 minutes: some 28 minutes in all, so that an outage of minutes leaves no dead letters.
 */
const RECEIVED_AT_MOST = 20;

export interface EventFlowProps {
  encryptionKey: IKey;
  /** Let the queues be called without TLS: for emulators alone. */
  plainHttp: boolean;
}

/** Events for a function, and how they come. */
export interface Brought {
  rules: ({ name: string; description: string } & (
    | {
        pattern: EventPattern;
        /** Default: the machine's own bus. */
        bus?: IEventBus;
      }
    /** The clock, which makes events of the type `Scheduled Event`. */
    | { schedule: Schedule }
  ))[];
  /** At most, at once. Default: 1. */
  batchSize?: number;
  /** How long to wait for a batch to fill, in seconds. Default: not at all. */
  batchWindow?: number;
  /** How many batches may be dealt with at the same time, at least 2. Default: as many as there are. */
  maxConcurrency?: number;
}

/** Where a function's events wait, and where those are that it could not deal with. */
export interface Mailbox {
  queue: Queue;
  deadLetters: Queue;
}

/** The bus `tvm`: audit events go out on it, requests to revoke come in. Nothing that fails is dropped. */
export class EventFlow extends Construct {
  readonly bus: EventBus;
  /** Audit events that could not be published, whole. */
  readonly auditDeadLetters: Queue;
  /** What rules could not hand to targets that have no dead letters of their own: schedules, above all. */
  readonly ruleDeadLetters: Queue;
  /** Every dead-letter queue, and the alarm that goes off with its first message. */
  readonly deadLetterQueues: { name: string; queue: Queue; alarm: Alarm }[] = [];
  /** Every queue that brings events to a function, by the use case. */
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

  /** Lets one role publish audit events, and denies their source to everybody else: nobody forges the audit. */
  publishedOnlyBy(role: Role): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['events:PutEvents'],
        resources: [this.bus.eventBusArn],
        // The key has a value for each entry of a call. The emulator does not state it, which «all of none» lets pass.
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
    // In the bus itself rather than beside it (AWS::Events::EventBusPolicy): there is no moment without it.
    const bus = this.bus.node.defaultChild as CfnEventBus;
    bus.policy = new PolicyDocument({ statements: [onlyThePublisher] });
  }

  /** Lets a role put on a queue what it could not deal with. */
  allowDeadLetters(queue: Queue, role: Role): void {
    queue.grantSendMessages(role);
    for (const action of ['kms:GenerateDataKey*', 'kms:ReEncrypt*']) {
      Validations.of(role).acknowledge({
        id: `AwsSolutions-IAM5[Action::${action}]`,
        reason: 'CDK’s grant for an encrypted queue names the variants of one operation; the resource is one key.',
      });
    }
  }

  /**
   * Brings events to a function, by way of a queue that keeps each until it is processed. What fails for some half an hour
   * ({@link RECEIVED_AT_MOST}), and what EventBridge cannot put on the queue, is kept in dead letters of its own, with an
   * alarm.
   *
   * @param id names rule and queues, and the alarm: as a rule the function's use case
   */
  bring(
    id: string,
    consumer: LambdaFunction,
    { rules, batchSize = 1, batchWindow = 0, maxConcurrency }: Brought,
  ): Mailbox {
    const deadLetters = this.deadLetters(`${id}-dead-letters`);
    const queue = this.queue(`${id}-queue`, {
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      // Only for a call that ended abruptly: what a call sees fail comes back in seconds (lambdas/middleware/queue-handler.ts).
      visibilityTimeout: Duration.seconds(6 * (consumer.timeout ?? Duration.seconds(3)).toSeconds() + batchWindow),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: RECEIVED_AT_MOST },
    });
    const deadLetterConfig = { arn: deadLetters.queueArn };
    const made = rules.map(
      ({ name, description, ...when }) =>
        new Rule(this, `${id}-${name}`, {
          ...('schedule' in when
            ? { schedule: when.schedule }
            : { eventBus: when.bus ?? this.bus, eventPattern: when.pattern }),
          description,
          targets: [{ bind: () => ({ arn: queue.queueArn, deadLetterConfig }) }],
        }),
    );
    for (const target of [queue, deadLetters]) this.letSend(made, target);
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

  /** Lets the bearer of a managed policy request revocations on the bus, as one of these sources. */
  letRequestRevocation(sources: readonly string[], policy: ManagedPolicy): void {
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

  /** Keeps the events of a rule for people to read, for 14 days. */
  keep(id: string, rule: Rule): Queue {
    const queue = this.queue(id, { retentionPeriod: Duration.days(14) });
    Validations.of(queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'No function reads it, so none can fail to.',
    });
    const deadLetterConfig = { arn: this.ruleDeadLetters.queueArn };
    rule.addTarget({ bind: () => ({ arn: queue.queueArn, deadLetterConfig }) });
    for (const target of [queue, this.ruleDeadLetters]) this.letSend([rule], target);
    return queue;
  }

  /** A queue for what a function gave up, with an alarm that goes off with its first message. */
  deadLetters(id: string): Queue {
    const queue = this.queue(id, { retentionPeriod: Duration.days(14) });
    Validations.of(queue).acknowledge({ id: 'AwsSolutions-SQS3', reason: 'It is itself where dead letters go.' });
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
   * Lets rules send to a queue. Not by CDK's own target, which lets every rule send to an encrypted queue: these rules
   * alone may, or whoever can make a rule somewhere could forge events of any source.
   */
  private letSend(rules: readonly Rule[], target: Queue): void {
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
