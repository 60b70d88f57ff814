import { EventBridgeClient, TestEventPatternCommand } from '@aws-sdk/client-eventbridge';
import { describe, expect, inject, it } from 'vitest';
import { functionChanges } from '#lib/constructs/function-changes.ts';

const eventBridge = new EventBridgeClient(inject('deployed').target);
const { source, detailType, detail } = functionChanges('TokenVendingMachine-production');

const NAME = 'TokenVendingMachine-produ-issuetoken1D3EE4B9-AbCdEfGhIjKl';
const ARN = `arn:aws:lambda:eu-central-1:111122223333:function:${NAME}`;

/** Returns a call of Lambda’s API, as CloudTrail sends it to EventBridge. */
function call(eventName: string, more: object = {}): object {
  return {
    version: '0',
    id: '36eb8523-97d0-4518-b33d-ee3579ff19f0',
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.lambda',
    account: '111122223333',
    time: '2026-11-22T19:04:42Z',
    region: 'eu-central-1',
    resources: [],
    detail: {
      eventVersion: '1.11',
      userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/mallory', accountId: '111122223333' },
      eventTime: '2026-11-22T19:04:42Z',
      eventSource: 'lambda.amazonaws.com',
      eventName,
      awsRegion: 'eu-central-1',
      sourceIPAddress: '203.0.113.7',
      requestParameters: { functionName: NAME },
      responseElements: null,
      readOnly: false,
      ...more,
    },
  };
}

async function matches(event: object): Promise<boolean | undefined> {
  const EventPattern = JSON.stringify({ source, 'detail-type': detailType, detail });
  return (await eventBridge.send(new TestEventPatternCommand({ EventPattern, Event: JSON.stringify(event) }))).Result;
}

describe('a change of a function', () => {
  it.each([
    'AddPermission20150331v2',
    'RemovePermission20150331v2',
    'UpdateFunctionCode20150331v2',
    'UpdateFunctionConfiguration20150331v2',
    'CreateEventSourceMapping20150331',
    'PutResourcePolicy20260709',
    'DeleteResourcePolicy20260709',
    'PutResourcePolicy',
  ])('is reported, whatever version its API name ends with: %s', async (eventName) => {
    expect(await matches(call(eventName))).toBe(true);
  });

  it.each([
    ['by its ARN', { requestParameters: { functionName: ARN } }],
    ['by a part of its ARN', { requestParameters: { functionName: `111122223333:function:${NAME}` } }],
    ['by a version', { requestParameters: { functionName: `${NAME}:1` } }],
    ['in the response alone', { requestParameters: { uUID: 'a' }, responseElements: { functionArn: ARN } }],
    ['although the call was refused', { errorCode: 'AccessDenied' }],
    ['although CloudFormation made the call', { sourceIPAddress: 'cloudformation.amazonaws.com' }],
  ])('is reported when the function is named %s', async (_, more) => {
    expect(await matches(call('UpdateEventSourceMapping20150331', more))).toBe(true);
  });

  it('is reported when a whole policy is replaced, however the call names the function', async () => {
    expect(await matches(call('PutResourcePolicy20260709', { requestParameters: { resourceArn: ARN } }))).toBe(true);
    expect(await matches(call('DeleteResourcePolicy20260709', { requestParameters: null }))).toBe(true);
  });

  it.each([
    ['a call that only reads', call('GetPolicy20150331v2')],
    ['a change of another kind', call('TagResource20170331v2')],
    ['a change of a layer', call('AddLayerVersionPermission20181031')],
    ['a function of others', call('UpdateFunctionCode20150331v2', { requestParameters: { functionName: 'orders' } })],
    [
      'a function of others with our name in its own',
      call('UpdateFunctionCode20150331v2', { requestParameters: { functionName: `not-${NAME}` } }),
    ],
    ['another service', { ...call('AddPermission20150331v2'), source: 'aws.sns' }],
  ])('is not %s', async (_, event) => {
    expect(await matches(event)).toBe(false);
  });
});
