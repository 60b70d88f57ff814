import { SEVERITIES } from '@tvm/core/anomaly/settings.ts';
import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type Dashboard,
  type IMetric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { countTokensEnv } from '#lambdas/count-tokens/env.ts';
import { FunctionChanges } from './function-changes.ts';
import type { Machine } from './machine.ts';
import { machineMetric } from './machine-metric.ts';
import { ServiceFunction } from './service-function.ts';
import { type Watched, watchDashboard } from './watch-dashboard.ts';

const MINUTE = Duration.minutes(1);

/**
 * What tells people: a topic that every alarm of the stack goes to, and a dashboard. It is made when all else is, since it
 * looks for the alarms that there are.
 */
export class Watch extends Construct {
  readonly topic: Topic;
  readonly dashboard: Dashboard;
  /** What CloudTrail told of changes of the functions. */
  readonly functionChanges: FunctionChanges;

  constructor(scope: Construct, id: string, watched: Watched) {
    super(scope, id);
    const { machine, streamReaders } = watched;
    const { config, api, events } = machine;
    this.topic = this.alarmTopic(machine);
    if (config.alarm_email !== undefined) this.topic.addSubscription(new EmailSubscription(config.alarm_email));
    this.countTokens(machine);

    for (const reader of streamReaders) {
      const lag = reader.metric('IteratorAge', { statistic: Stats.MAXIMUM, period: MINUTE });
      this.alarm(`${reader.node.id}-lags`, `${reader.node.id} is a minute behind the table’s stream`, lag, {
        from: Duration.minutes(1).toMilliseconds(),
        minutes: 3,
      });
      const unconfirmed = machineMetric('AuditRecordsUnconfirmed', { service: reader.node.id });
      this.alarm(
        `${reader.node.id}-unconfirmed`,
        `${reader.node.id} was handed a change that the table does not confirm`,
        unconfirmed,
      );
    }
    this.functionChanges = new FunctionChanges(this, 'function-changes', { events });
    this.alarm(
      'functions-changed',
      'Somebody changed a function, or who may invoke it, or tried to',
      this.functionChanges.metric,
    );
    for (const { name, queue } of events.mailboxes) {
      const age = queue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM, period: MINUTE });
      this.alarm(`${name}-waits`, `Events wait for ${name} for five minutes`, age, { from: 300 });
    }
    this.alarm('api-faults', 'The API answered 5 times in a minute with a server error', api.serverErrors(MINUTE), {
      from: 5,
    });
    const throttled = machineMetric('KmsThrottled', { service: 'issue-token' });
    this.alarm('kms-throttled', 'KMS refused to sign because of its quota', throttled);
    for (const severity of SEVERITIES) {
      const anomalies = machineMetric('Anomalies', { service: 'detect-anomalies', severity });
      this.alarm(
        `anomalies-${severity}`,
        `Something unusual, of severity ${severity}: see Anomaly Detected`,
        anomalies,
      );
    }
    const uncounted = machineMetric('IntrospectionsUncounted', { service: 'introspect-token' });
    this.alarm('introspections-uncounted', 'Introspections are missing in the audit', uncounted, { from: 10 });
    const listDelay = machineMetric('StatusListDelay', { service: 'update-status-lists' }, Stats.MAXIMUM);
    this.alarm('status-lists-late', 'A revocation took over 30 seconds to be in its status list', listDelay, {
      from: 30_000,
    });
    const sweepLag = machineMetric('SweepLag', { service: 'sweep-tokens' }, Stats.MAXIMUM);
    this.alarm('sweep-lags', 'Tokens are noted as expired five minutes late', sweepLag, { from: 300 });

    this.dashboard = watchDashboard(this, watched);
    const action = new SnsAction(this.topic);
    for (const found of Stack.of(this).node.findAll()) if (found instanceof Alarm) found.addAlarmAction(action);
  }

  /** An alarm that goes off when a metric is at its limit or above, so many minutes after each other; no data is no alarm. */
  private alarm(
    id: string,
    alarmDescription: string,
    metric: IMetric,
    { from = 1, minutes = 1 }: { from?: number; minutes?: number } = {},
  ): void {
    new Alarm(this, id, {
      alarmDescription: `${alarmDescription}: see docs/how-to/monitor.md`,
      metric,
      threshold: from,
      evaluationPeriods: minutes,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /** The topic that alarms go to, encrypted: CloudWatch alone publishes there, for alarms of this account. */
  private alarmTopic({ defaults: { encryptionKey } }: Machine): Topic {
    const topic = new Topic(this, 'alarms', {
      displayName: 'Token vending machine: alarms',
      masterKey: encryptionKey,
      enforceSSL: true,
    });
    const { region, account, partition } = Stack.of(this);
    const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com');
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [cloudWatch],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { ArnLike: { 'aws:SourceArn': `arn:${partition}:cloudwatch:${region}:${account}:alarm:*` } },
      }),
    );
    // https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
    encryptionKey.addToResourcePolicy(
      new PolicyStatement({
        principals: [cloudWatch],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
    return topic;
  }

  private countTokens({ config, defaults, records, events }: Machine): void {
    const countTokens = new ServiceFunction(this, 'count-tokens', {
      defaults,
      description: 'Every five minutes: counts the tokens that are active',
      memorySize: 512,
      timeout: MINUTE,
      env: countTokensEnv,
      environment: { TABLE_NAME: records.tableName, MAX_LIFETIME: String(config.max_token_lifetime) },
    });
    records.allowFindingByExpiry(countTokens);
    new Rule(this, 'each-five-minutes', {
      description: 'Starts count-tokens',
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaFunction(countTokens, { deadLetterQueue: events.ruleDeadLetters })],
    });
  }
}
