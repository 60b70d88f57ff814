import { Duration, Stack } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { EventFlow } from './event-flow.ts';

/** The calls that replace or remove a function's whole resource policy. */
const POLICY_CALLS = ['PutResourcePolicy', 'DeleteResourcePolicy'];

/** The calls that change who may invoke a function, its code, or its event sources. */
const FUNCTION_CALLS = [
  'AddPermission',
  'RemovePermission',
  'UpdateFunctionCode',
  'UpdateFunctionConfiguration',
  'CreateEventSourceMapping',
  'UpdateEventSourceMapping',
  'DeleteEventSourceMapping',
];

/**
 * Minimum length of the stack name's prefix in a function's name. CloudFormation builds the name from the stack name,
 * the logical id and a random part. If it is longer than 64 characters, the stack name is truncated.
 */
const STACK_NAME_KEPT = 20;

/**
 * Matches CloudTrail events of calls that could remove the protection of a stack's functions. Refused calls and our own
 * deployments match, too: anyone who may use CloudFormation could imitate a deployment.
 *
 * An `eventName` may end with a version, for example `AddPermission20150331v2`. The parameters of the two newest calls
 * are not documented, so these calls match for every function.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
 */
export function functionChanges(stackName: string): EventPattern {
  const names = (calls: readonly string[]) => calls.map((prefix) => ({ prefix }));
  // Calls name a function by its name, its ARN or a part of its ARN.
  const name = stackName.slice(0, STACK_NAME_KEPT);
  const own = [{ prefix: name }, { wildcard: `*:${name}*` }];
  return {
    source: ['aws.lambda'],
    detailType: ['AWS API Call via CloudTrail'],
    detail: {
      eventSource: ['lambda.amazonaws.com'],
      $or: [
        { eventName: names(POLICY_CALLS) },
        { eventName: names(FUNCTION_CALLS), requestParameters: { functionName: own } },
        { eventName: names(FUNCTION_CALLS), responseElements: { functionArn: own } },
      ],
    },
  };
}

/** Detects changes to the functions and stores their CloudTrail events for people to read. */
export class FunctionChanges extends Construct {
  /** Number of changes per minute. */
  readonly metric: Metric;
  /** The CloudTrail events of the changes. */
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { events }: { events: EventFlow }) {
    super(scope, id);
    const rule = new Rule(this, 'rule', {
      description: 'Changes to a function of this stack, or to who may invoke it',
      eventPattern: functionChanges(Stack.of(this).stackName),
    });
    this.queue = events.keep('function-changes', rule);
    this.metric = new Metric({
      namespace: 'AWS/Events',
      metricName: 'TriggeredRules',
      dimensionsMap: { RuleName: rule.ruleName },
      statistic: Stats.SUM,
      period: Duration.minutes(1),
    });
  }
}
