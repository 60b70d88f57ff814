import { CloudWatchClient, DescribeAlarmsCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { AttachUserPolicyCommand, CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { auditEvents } from '@tvm/contract/events.ts';
import { describe, expect, inject, it } from 'vitest';
import { auditListener } from '../support/audit-listener.ts';
import { ask, readOrders } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';

const { target, outputs } = inject('deployed');

/** Creates a new workload, which no other test's denials count for. */
async function newWorkload() {
  const iam = new IAMClient(target);
  const UserName = `curious-${process.pid}-${Date.now()}`;
  const { User } = await iam.send(new CreateUserCommand({ UserName }));
  await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: outputs.WorkloadPolicyArn }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const { AccessKeyId = '', SecretAccessKey = '' } = AccessKey ?? {};
  const caller = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, region: target.region };
  return { subject: User?.Arn ?? '', caller };
}

describe('a workload with repeated requests beyond its grants', () => {
  it('is reported once', async () => {
    const audit = await auditListener();
    const { subject, caller } = await newWorkload();
    const anomalies = async () =>
      (await audit.eventsWith('subject', subject)).filter(({ detailType }) => detailType === 'Anomaly Detected');

    for (let time = 0; time < 9; time++) expect((await ask({}, caller)).status).toBe(403);
    // Another workload's tenth denial comes later: by then the nine denials have been evaluated.
    const other = await newWorkload();
    for (let time = 0; time < 10; time++) await ask({ authorization_details: [readOrders] }, other.caller);
    await eventually(async () => expect(await audit.eventsWith('subject', other.subject)).toHaveLength(11));
    expect(await anomalies()).toEqual([]);

    for (let time = 0; time < 3; time++) expect((await ask({}, caller)).status).toBe(403);
    await eventually(async () => expect(await anomalies()).toHaveLength(1));
    const [{ detail } = { detail: {} }] = await anomalies();
    expect(auditEvents['Anomaly Detected'].strict().parse(detail)).toMatchObject({
      detector: 'beyond-grants',
      severity: 'medium',
      subject,
      usual: 0,
      window: 300,
      response: 'notify',
    });
    // The anomaly is only reported: the next request is decided as before.
    expect((await ask({}, caller)).body).toMatchObject({ error: 'access_denied' });
  });
});

describe('an alarm', () => {
  it('notifies the topic’s subscribers', async () => {
    const [sqs, sns, cloudWatch] = [new SQSClient(target), new SNSClient(target), new CloudWatchClient(target)];
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `alarms-${process.pid}` }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    const Statement = {
      Effect: 'Allow',
      Principal: { Service: 'sns.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: Attributes?.QueueArn,
      Condition: { ArnEquals: { 'aws:SourceArn': outputs.AlarmTopicArn } },
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
    await sns.send(
      new SubscribeCommand({ TopicArn: outputs.AlarmTopicArn, Protocol: 'sqs', Endpoint: Attributes?.QueueArn }),
    );

    const { MetricAlarms = [] } = await cloudWatch.send(new DescribeAlarmsCommand({}));
    const { AlarmName = '' } = MetricAlarms.find(({ MetricName }) => MetricName === 'IteratorAge') ?? {};
    const StateReason = 'This is a test of the alarm.';
    await cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue: 'ALARM', StateReason }));
    await eventually(async () => {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
      const alarms = Messages.map(({ Body = '' }) => JSON.parse(JSON.parse(Body).Message));
      expect(alarms).toMatchObject([{ AlarmName, NewStateValue: 'ALARM', NewStateReason: StateReason }]);
    });
    await cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue: 'OK', StateReason }));
  });
});
