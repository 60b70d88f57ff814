import { type RevokeOn, switchedOn } from '@tvm/core/revocation/triggers/index.ts';
import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './constructs/acknowledge.ts';
import { eventPattern } from './constructs/revocation-triggers.ts';

/** Where the events of AWS's global services appear, IAM's among them. */
export const GLOBAL_EVENTS_REGION = 'us-east-1';

/** The triggers whose events are of a global service. */
const GLOBAL = ['iam_role_deleted', 'iam_user_deleted', 'iam_access_key_disabled', 'iam_tagged'] as const;

export interface GlobalEventsStackProps extends StackProps {
  revokeOn: RevokeOn;
  /** Where the machine is. */
  machineRegion: string;
}

/**
 * Whether a machine in a region needs events from elsewhere. Only of the partition `aws`: the others have their global
 * services' events elsewhere, and EventBridge forwards no events between their regions.
 */
export function needsGlobalEvents(revokeOn: RevokeOn, region: string): boolean {
  const elsewhere = region !== GLOBAL_EVENTS_REGION && !/^(?:cn|us-gov)-/.test(region);
  return elsewhere && GLOBAL.some((name) => revokeOn[name]);
}

/**
 * In us-east-1: forwards those events of IAM that take tokens back to the default bus of the machine's region.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
 */
export class GlobalEventsStack extends Stack {
  constructor(scope: Construct, id: string, { revokeOn, machineRegion, ...props }: GlobalEventsStackProps) {
    super(scope, id, {
      description: 'Token vending machine: forwards events of global services',
      ...props,
    });
    const bus = this.formatArn({
      service: 'events',
      region: machineRegion,
      resource: 'event-bus',
      resourceName: 'default',
    });
    const ofThisAccount = { StringEquals: { 'aws:SourceAccount': this.account } };
    const role = new Role(this, 'forward-events-role', {
      assumedBy: new ServicePrincipal('events.amazonaws.com', { conditions: ofThisAccount }),
      description: 'What forwards the events of IAM may do',
    });
    role.addToPolicy(new PolicyStatement({ actions: ['events:PutEvents'], resources: [bus] }));

    const deadLetters = new Queue(this, 'dead-letters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(deadLetters, {
      'AwsSolutions-SQS3': 'It is itself where dead letters go.',
      CKV_AWS_27: 'SQS encrypts it with a key of its own: what CloudTrail tells of IAM holds no token.',
    });
    new Alarm(this, 'dead-letters-alarm', {
      alarmDescription: 'Events of IAM could not be forwarded: see docs/how-to/monitor.md',
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
          description: `Forwarded to ${machineRegion}: ${name}`,
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
