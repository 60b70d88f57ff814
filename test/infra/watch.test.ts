import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { statementsOf, synthesize } from './synthesize.ts';

const template = synthesize();
const [topicId = ''] = Object.keys(template.findResources('AWS::SNS::Topic'));
const alarms = Object.entries(template.findResources('AWS::CloudWatch::Alarm'));

/** The one alarm on a metric with this dimension, or on any of its queues or functions. */
function alarmOn(metric: string, dimension?: { Name: string; Value: string }) {
  return alarms.filter(
    ([, { Properties }]) =>
      Properties.MetricName === metric &&
      (dimension === undefined || JSON.stringify(Properties.Dimensions).includes(JSON.stringify(dimension))),
  );
}

describe('alarms', () => {
  it('all go to the topic, and missing data does not cause one', () => {
    expect(alarms.length).toBeGreaterThan(15);
    for (const [, { Properties }] of alarms) {
      expect(Properties).toMatchObject({ AlarmActions: [{ Ref: topicId }], TreatMissingData: 'notBreaching' });
      expect(Properties.AlarmDescription).toContain('see docs/how-to/monitor.md');
    }
  });

  it('exist for each dead-letter queue, from the first message on', () => {
    const queues = Object.keys(template.findResources('AWS::SQS::Queue')).filter((id) => /deadletters/i.test(id));
    expect(queues.length).toBeGreaterThan(3);
    const watched = alarmOn('ApproximateNumberOfMessagesVisible').map(([, { Properties }]) => {
      expect(Properties).toMatchObject({ Threshold: 1, EvaluationPeriods: 1 });
      return Properties.Dimensions[0].Value['Fn::GetAtt'][0];
    });
    expect(watched.sort()).toEqual(queues.sort());
  });

  it('exist for the lag of each stream reader', () => {
    const readers = Object.values(template.findResources('AWS::Lambda::EventSourceMapping'))
      .filter(({ Properties }) => JSON.stringify(Properties.EventSourceArn).includes('StreamArn'))
      .map(({ Properties }) => Properties.FunctionName.Ref);
    expect(readers).toHaveLength(2);
    const watched = alarmOn('IteratorAge').map(([, { Properties }]) => {
      expect(Properties).toMatchObject({ Statistic: 'Maximum', Threshold: 60_000 });
      return Properties.Dimensions[0].Value.Ref;
    });
    expect(watched.sort()).toEqual(readers.sort());
  });

  it('exist for unconfirmed changes of each stream reader', () => {
    const services = alarmOn('AuditRecordsUnconfirmed').map(([, { Properties }]) => {
      expect(Properties).toMatchObject({ Statistic: 'Sum', Threshold: 1, EvaluationPeriods: 1 });
      expect(Properties.Dimensions).toEqual([{ Name: 'service', Value: expect.anything() }]);
      return Properties.Dimensions[0].Value;
    });
    expect(services.sort()).toEqual(['archive-audit', 'publish-audit']);
  });

  it('exist for changes to functions and to who may invoke them, and the events are stored', () => {
    const [[ruleId, rule] = [], ...more] = Object.entries(template.findResources('AWS::Events::Rule')).filter(
      ([, { Properties }]) => Properties.EventPattern?.source?.[0] === 'aws.lambda',
    );
    expect(more).toEqual([]);
    expect(rule?.Properties).toMatchObject({ State: 'ENABLED' });
    expect(rule?.Properties).not.toHaveProperty('EventBusName');
    const [alarm, ...others] = alarmOn('TriggeredRules');
    expect(others).toEqual([]);
    expect(alarm?.[1].Properties).toMatchObject({
      Namespace: 'AWS/Events',
      Dimensions: [{ Name: 'RuleName', Value: { Ref: ruleId } }],
      Statistic: 'Sum',
      Threshold: 1,
      EvaluationPeriods: 1,
    });
    const queueId = rule?.Properties.Targets[0].Arn['Fn::GetAtt'][0];
    const queue = template.findResources('AWS::SQS::Queue')[queueId];
    expect(queue?.Properties).toMatchObject({ MessageRetentionPeriod: 14 * 86_400 });
    expect(template.findOutputs('FunctionChangesQueueUrl')).toHaveProperty('FunctionChangesQueueUrl.Value.Ref');
  });

  it('exist for waiting events of each queue', () => {
    const consumed = Object.values(template.findResources('AWS::Lambda::EventSourceMapping')).filter(({ Properties }) =>
      JSON.stringify(Properties.EventSourceArn).includes('queue'),
    );
    expect(alarmOn('ApproximateAgeOfOldestMessage')).toHaveLength(consumed.length);
  });

  it.each([
    ['5XXError', { Name: 'Stage', Value: 'v1' }],
    ['KmsThrottled', { Name: 'service', Value: 'issue-token' }],
    ['Anomalies', { Name: 'severity', Value: 'high' }],
    ['Anomalies', { Name: 'severity', Value: 'medium' }],
    ['Anomalies', { Name: 'severity', Value: 'low' }],
    ['IntrospectionsUncounted', { Name: 'service', Value: 'introspect-token' }],
    ['StatusListDelay', { Name: 'service', Value: 'update-status-lists' }],
    ['SweepLag', { Name: 'service', Value: 'sweep-tokens' }],
  ])('exist for %s', (metric, dimension) => {
    expect(alarmOn(metric, dimension.Name === 'Stage' ? undefined : dimension)).toHaveLength(1);
  });
});

describe('the topic of alarms', () => {
  it('is encrypted, requires TLS, and accepts only CloudWatch for alarms of this account', () => {
    template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    const [policy] = Object.values(template.findResources('AWS::SNS::TopicPolicy'));
    const statements = policy?.Properties.PolicyDocument.Statement;
    expect(statements).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
    const allowed = statements.filter((one: { Effect: string }) => one.Effect === 'Allow');
    expect(allowed).toMatchObject([
      { Principal: { Service: 'cloudwatch.amazonaws.com' }, Action: 'sns:Publish', Resource: { Ref: topicId } },
    ]);
    expect(JSON.stringify(allowed[0].Condition.ArnLike['aws:SourceArn'])).toMatch(/cloudwatch.*AccountId.*:alarm:\*/);
  });

  it('lets CloudWatch use its encryption key', () => {
    const [key] = Object.entries(template.findResources('AWS::KMS::Key')).filter(([id]) => id.startsWith('datakey'));
    const statement = key?.[1].Properties.KeyPolicy.Statement.find((one: { Principal: object }) =>
      JSON.stringify(one.Principal).includes('cloudwatch.amazonaws.com'),
    );
    expect(statement).toMatchObject({ Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey'] });
  });

  it('is not the target of a rule, for which EventBridge would not provide the account that the key requires', () => {
    for (const { Properties } of Object.values(template.findResources('AWS::Events::Rule'))) {
      expect(JSON.stringify(Properties.Targets)).not.toContain(topicId);
    }
  });

  it('has only the configured subscription', () => {
    template.resourceCountIs('AWS::SNS::Subscription', 0);
    synthesize('alarm_email = "security@example.com"').hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'security@example.com',
    });
  });
});

it('the dashboard shows the documented metrics', () => {
  const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  const body = JSON.stringify(dashboard?.Properties.DashboardBody);
  for (const metric of [
    'TokensIssued',
    'TokensDenied',
    'ActiveTokens',
    'Latency',
    'Duration',
    '5XXError',
    'DependencyFaults',
    'RevocationDelay',
    'StatusListDelay',
    'KmsThrottled',
    'Anomalies',
    'ApproximateNumberOfMessagesVisible',
    'ApproximateAgeOfOldestMessage',
    'IteratorAge',
  ]) {
    expect(body).toContain(metric);
  }
});

describe('detect-anomalies', () => {
  const may = (toml: string) =>
    statementsOf(synthesize(toml), 'anomaliesdetect-anomalies')
      .filter(({ Action }) => Action.some((one) => one.startsWith('dynamodb:') || one === 'sqs:SendMessage'))
      .map(({ Action, Condition }) => [
        Action.join(),
        Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'],
      ]);
  const noticing = [
    ['dynamodb:GetItem,dynamodb:PutItem', 'PROFILE#*'],
    ['dynamodb:BatchGetItem', 'TOKEN#*'],
    ['dynamodb:PutItem', ['TOKEN#*', 'FACT#*']],
  ];

  it('has no permission to respond, unless the configuration enables it', () => {
    expect(may('')).toEqual(noticing.map(([actions, keys]) => [actions, [keys].flat()]));
    const acting = may('[anomalies]\nrespond = { high = "block" }');
    expect(acting).toHaveLength(noticing.length + 4);
    expect(acting).toContainEqual(['dynamodb:GetItem,dynamodb:UpdateItem', ['SUBJECT#*']]);
    expect(acting).toContainEqual(['dynamodb:PutItem', ['SUBJECT#*']]);
  });
});
