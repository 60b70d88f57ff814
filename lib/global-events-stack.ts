import { type RevokeOn, switchedOn } from '@tvm/core/revocation/triggers/index.ts';
import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './constructs/acknowledge.ts';
import { eventPattern } from './constructs/revocation-triggers.ts';

/** The region in which events of global AWS services appear, such as those of IAM. */
export const GLOBAL_EVENTS_REGION = 'us-east-1';

/** The triggers with events of global services. */
const GLOBAL = ['iam_role_deleted', 'iam_user_deleted', 'iam_access_key_disabled', 'iam_tagged'] as const;

export interface GlobalEventsStackProps extends StackProps {
  revokeOn: RevokeOn;
  /** The region of the service. */
  serviceRegion: string;
}

/**
 * Reports whether a deployment needs events from {@link GLOBAL_EVENTS_REGION}. Only the partition `aws` is supported.
 * In other partitions these events appear in other regions, and EventBridge does not forward events between regions.
 */
export function needsGlobalEvents(revokeOn: RevokeOn, region: string): boolean {
  const elsewhere = region !== GLOBAL_EVENTS_REGION && !/^(?:cn|us-gov)-/.test(region);
  return elsewhere && GLOBAL.some((name) => revokeOn[name]);
}

/**
 * Forwards the IAM events that revoke tokens from us-east-1 to the default bus of the service's region.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
 */
export class GlobalEventsStack extends Stack {
  constructor(scope: Construct, id: string, { revokeOn, serviceRegion, ...props }: GlobalEventsStackProps) {
    super(scope, id, {
      description: 'Token vending machine: forwards events of global services',
      ...props,
    });
    const bus = this.formatArn({
      service: 'events',
      region: serviceRegion,
      resource: 'event-bus',
      resourceName: 'default',
    });
    const ofThisAccount = { StringEquals: { 'aws:SourceAccount': this.account } };
    const role = new Role(this, 'forward-events-role', {
      assumedBy: new ServicePrincipal('events.amazonaws.com', { conditions: ofThisAccount }),
      description: 'Role of the rules that forward IAM events',
    });
    role.addToPolicy(new PolicyStatement({ actions: ['events:PutEvents'], resources: [bus] }));

    const deadLetters = new Queue(this, 'dead-letters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(deadLetters, {
      'AwsSolutions-SQS3': 'The queue is itself a dead-letter queue.',
      CKV_AWS_27: 'SQS encrypts the queue with its own key; CloudTrail events of IAM contain no tokens.',
    });
    new Alarm(this, 'dead-letters-alarm', {
      alarmDescription: 'IAM events could not be forwarded: see docs/how-to/monitor.md',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible(),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });

    const forwarded = switchedOn(revokeOn).filter(({ name }) => (GLOBAL as readonly string[]).includes(name));
    const rules = forwarded.map(
      ({ name, pattern }) =>
        new Rule(this, `forward-${name.replaceAll('_', '-')}`, {
          description: `Forwards ${name} events to ${serviceRegion}`,
          eventPattern: eventPattern(pattern, 'aws.'),
          targets: [{ bind: () => ({ arn: bus, role, deadLetterConfig: { arn: deadLetters.queueArn } }) }],
        }),
    );
    deadLetters.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [deadLetters.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': rules.map(({ ruleArn }) => ruleArn) } },
      }),
    );
  }
}
