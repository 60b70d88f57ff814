/**
 * Returns the CloudTrail record of an IAM call, for the examples.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
 */
export function iamCallExample(eventName: string, requestParameters: Record<string, unknown>) {
  const account = '111122223333';
  // IAM is a global service: CloudTrail delivers its calls in us-east-1 only.
  const region = 'us-east-1';
  const time = '2026-11-22T19:36:32Z';
  return {
    id: '3f1b5bc7-0c4e-2f4f-a6b7-64c6a0a3f3c5',
    account,
    time,
    region,
    detail: {
      eventVersion: '1.11',
      userIdentity: {
        type: 'IAMUser',
        principalId: 'AIDACKCEVSQ6C2EXAMPLE',
        arn: `arn:aws:iam::${account}:user/Alice`,
        accountId: account,
        userName: 'Alice',
      },
      eventTime: time,
      eventSource: 'iam.amazonaws.com',
      eventName,
      awsRegion: region,
      sourceIPAddress: '203.0.113.7',
      userAgent: 'aws-cli/2',
      requestParameters,
      responseElements: null,
      requestID: '6f7a1c5b-4f0f-4f5b-9d7a-9b7a6a1c5b4f',
      eventID: 'b5d1f5a0-2c5e-4e3f-8c1d-5a0b2c5e4e3f',
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: account,
      eventCategory: 'Management',
    },
  };
}
