import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { type CfnEventBus, EventBus, Rule } from 'aws-cdk-lib/aws-events';
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
import { AUDIT_SOURCE, REVOCATION_REQUESTED } from '../../contract/events.ts';
import { principalArnsOf } from './principal-arns.ts';

const BUS_NAME = 'tvm';

export interface EventFlowProps {
  encryptionKey: IKey;
  /** Let the queues be called without TLS: for emulators alone. */
  plainHttp: boolean;
}

/** The bus `tvm`: audit events go out on it, requests to revoke come in. Nothing that fails is dropped. */
export class EventFlow extends Construct {
  readonly bus: EventBus;
  /** Audit events that could not be published, whole. */
  readonly auditDeadLetters: Queue;
  /** Requests to revoke that could not be carried out, whole. */
  readonly revocationDeadLetters: Queue;
  private readonly props: EventFlowProps;

  constructor(scope: Construct, id: string, props: EventFlowProps) {
    super(scope, id);
    this.props = props;
    this.bus = new EventBus(this, 'bus', {
      eventBusName: BUS_NAME,
      description: 'Token vending machine: audit and revocation',
    });
    this.auditDeadLetters = this.deadLetters('audit-dead-letters');
    this.revocationDeadLetters = this.deadLetters('revocation-dead-letters');
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
   * Brings `Revocation Requested` events of these sources to a function, by way of a queue that keeps them until they
   * are carried out. Without sources, none is obeyed.
   */
  revokeOn(sources: readonly string[], revoker: LambdaFunction): void {
    if (sources.length === 0) return;
    const requests = this.queue('revocation-requests', {
      visibilityTimeout: revoker.timeout ?? Duration.seconds(30),
      deadLetterQueue: { queue: this.revocationDeadLetters, maxReceiveCount: 5 },
    });
    const deadLetterConfig = { arn: this.revocationDeadLetters.queueArn };
    const rule = new Rule(this, 'revocation-requested', {
      eventBus: this.bus,
      description: 'Requests to revoke tokens, from the configured sources',
      eventPattern: { source: [...sources], detailType: [REVOCATION_REQUESTED] },
      targets: [{ bind: () => ({ arn: requests.queueArn, deadLetterConfig }) }],
    });
    // Not by CDK's own target, which lets every rule send to an encrypted queue: this rule alone may, or whoever can
    // make a rule somewhere could forge requests of any source.
    for (const queue of [requests, this.revocationDeadLetters]) {
      queue.addToResourcePolicy(
        new PolicyStatement({
          principals: [new ServicePrincipal('events.amazonaws.com')],
          actions: ['sqs:SendMessage'],
          resources: [queue.queueArn],
          conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleArn } },
        }),
      );
    }
    revoker.addEventSource(new SqsEventSource(requests, { batchSize: 1 }));
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

  private deadLetters(id: string): Queue {
    const queue = this.queue(id, { retentionPeriod: Duration.days(14) });
    Validations.of(queue).acknowledge({ id: 'AwsSolutions-SQS3', reason: 'It is itself where dead letters go.' });
    new Alarm(this, `${id}-alarm`, {
      alarmDescription: `There are messages in ${id}: see docs/operations.md`,
      metric: queue.metricApproximateNumberOfMessagesVisible(),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    return queue;
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
