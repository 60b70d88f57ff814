import { Duration, Stack } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { EventFlow } from './event-flow.ts';

/** The calls that replace or remove a function's whole resource policy. */
const POLICY_CALLS = ['PutResourcePolicy', 'DeleteResourcePolicy'];

/** The calls that let somebody else invoke a function, have it run other code, or feed it other events. */
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
 * CloudFormation names a function by its stack, its logical id and a random part. In a name of more than 64 characters it
 * cuts the stack's name: so much of it is always there.
 */
const STACK_NAME_KEPT = 20;

/**
 * What CloudTrail tells EventBridge of calls that could undo the protection of a stack's functions; also of those that
 * were refused, and of our own deployments: nothing in the event that tells those apart is beyond whoever may use
 * CloudFormation.
 *
 * An `eventName` may have a version at its end, such as `AddPermission20150331v2`. Of the two calls that are new the
 * parameters are not documented, so they match for every function.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
 */
export function functionChanges(stackName: string): EventPattern {
  const names = (calls: readonly string[]) => calls.map((prefix) => ({ prefix }));
  // A function is named by its name or its ARN, whole or in part.
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

/** Watches who changes the functions, and keeps what CloudTrail tells of it for people to read. */
export class FunctionChanges extends Construct {
  /** How many changes there were, by the minute. */
  readonly metric: Metric;
  /** What CloudTrail told of each. */
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { events }: { events: EventFlow }) {
    super(scope, id);
    const rule = new Rule(this, 'rule', {
      description: 'Who changes a function of this stack, or who may invoke it',
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
