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
import type { Foundation } from './foundation.ts';
import { FunctionChanges } from './function-changes.ts';
import { ServiceFunction } from './service-function.ts';
import { serviceMetric } from './service-metric.ts';
import { type Watched, watchDashboard } from './watch-dashboard.ts';

const MINUTE = Duration.minutes(1);

/**
 * Monitoring: a topic for all alarms of the stack, and a dashboard. Create it last, since it collects the alarms that
 * exist at that time.
 */
export class Watch extends Construct {
  readonly topic: Topic;
  readonly dashboard: Dashboard;
  /** Detects changes to the functions. */
  readonly functionChanges: FunctionChanges;

  constructor(scope: Construct, id: string, watched: Watched) {
    super(scope, id);
    const { foundation, streamReaders } = watched;
    const { config, api, events } = foundation;
    this.topic = this.alarmTopic(foundation);
    if (config.alarm_email !== undefined) this.topic.addSubscription(new EmailSubscription(config.alarm_email));
    this.countTokens(foundation);

    for (const reader of streamReaders) {
      const lag = reader.metric('IteratorAge', { statistic: Stats.MAXIMUM, period: MINUTE });
      this.alarm(`${reader.node.id}-lags`, `${reader.node.id} is a minute behind the table’s stream`, lag, {
        from: Duration.minutes(1).toMilliseconds(),
        minutes: 3,
      });
      const unconfirmed = serviceMetric('AuditRecordsUnconfirmed', { service: reader.node.id });
      this.alarm(
        `${reader.node.id}-unconfirmed`,
        `${reader.node.id} got a change that the table does not confirm`,
        unconfirmed,
      );
    }
    this.functionChanges = new FunctionChanges(this, 'function-changes', { events });
    this.alarm(
      'functions-changed',
      'A call changed, or tried to change, a function or who may invoke it',
      this.functionChanges.metric,
    );
    for (const { name, queue } of events.mailboxes) {
      const age = queue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM, period: MINUTE });
      this.alarm(`${name}-waits`, `Events have waited for ${name} for five minutes`, age, { from: 300 });
    }
    this.alarm('api-faults', 'The API returned 5 server errors in a minute', api.serverErrors(MINUTE), {
      from: 5,
    });
    const throttled = serviceMetric('KmsThrottled', { service: 'issue-token' });
    this.alarm('kms-throttled', 'KMS throttled signing requests', throttled);
    for (const severity of SEVERITIES) {
      const anomalies = serviceMetric('Anomalies', { service: 'detect-anomalies', severity });
      this.alarm(`anomalies-${severity}`, `Anomaly of severity ${severity}; see the event Anomaly Detected`, anomalies);
    }
    const uncounted = serviceMetric('IntrospectionsUncounted', { service: 'introspect-token' });
    this.alarm('introspections-uncounted', 'Introspections are missing from the audit', uncounted, { from: 10 });
    const listDelay = serviceMetric('StatusListDelay', { service: 'update-status-lists' }, Stats.MAXIMUM);
    this.alarm('status-lists-late', 'A revocation took over 30 seconds to appear in its status list', listDelay, {
      from: 30_000,
    });
    const sweepLag = serviceMetric('SweepLag', { service: 'sweep-tokens' }, Stats.MAXIMUM);
    this.alarm('sweep-lags', 'Tokens are marked as expired five minutes late', sweepLag, { from: 300 });

    this.dashboard = watchDashboard(this, watched);
    const action = new SnsAction(this.topic);
    for (const found of Stack.of(this).node.findAll()) if (found instanceof Alarm) found.addAlarmAction(action);
  }

  /**
   * Creates an alarm that goes off if a metric is at least `from` for `minutes` consecutive minutes. Missing data does
   * not cause an alarm.
   */
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

  /** Creates the encrypted topic for alarms. Only CloudWatch can publish to it, for alarms of this account. */
  private alarmTopic({ defaults: { encryptionKey } }: Foundation): Topic {
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

  private countTokens({ config, defaults, records, events }: Foundation): void {
    const countTokens = new ServiceFunction(this, 'count-tokens', {
      defaults,
      description: 'Every five minutes: counts the active tokens',
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
