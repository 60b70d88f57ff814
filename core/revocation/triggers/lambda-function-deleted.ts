import * as z from 'zod';
import { cloudTrailCall } from './cloudtrail-call.ts';
import { accountProblem, tokensOf } from './resource.ts';

/** A function name, an ARN or a partial ARN that starts with the account, each with an optional version or alias. */
const FUNCTION = /^(?:(?:arn:aws[a-z-]*:lambda:[a-z0-9-]+:)?(\d{12}):function:)?([\w-]{1,64})(?::([\w$-]{1,128}))?$/;

/**
 * Revokes the tokens of a Lambda function when it is deleted. Lambda names the function's role session after the
 * function. Ignores the deletion of a single version, because the function still exists.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html
 */
export const lambdaFunctionDeleted = cloudTrailCall({
  source: 'aws.lambda',
  eventSource: 'lambda.amazonaws.com',
  calls: ['DeleteFunction20150331'],
  parameters: z.object(
    {
      functionName: z
        .string({ error: 'must be the name or ARN of a function' })
        .regex(FUNCTION, { error: 'must be the name or ARN of a function' }),
      qualifier: z.unknown().optional(),
    },
    { error: 'must name a function' },
  ),
  revokes({ functionName, qualifier }, { account, region }) {
    const [, of = account, name, version] = FUNCTION.exec(functionName) ?? [];
    if (version !== undefined || (qualifier !== undefined && qualifier !== null)) return [];
    const arn = `arn:aws:lambda:${region}:${of}:function:${name}`;
    const problem = accountProblem(arn, account, 'detail.requestParameters.functionName');
    if (problem) return problem;
    const selector = tokensOf(arn);
    return selector === undefined ? [] : [{ selector, reason: 'Lambda function deleted' }];
  },
  example: {
    id: '96f7a3c4-55d7-3b2a-1d79-0a6ab0b8f2a1',
    account: '111122223333',
    time: '2026-11-22T19:04:42Z',
    region: 'us-east-1',
    detail: {
      eventVersion: '1.11',
      userIdentity: {
        type: 'IAMUser',
        principalId: 'AIDACKCEVSQ6C2EXAMPLE',
        arn: 'arn:aws:iam::111122223333:user/myUserName',
        accountId: '111122223333',
        userName: 'myUserName',
      },
      eventTime: '2026-11-22T19:04:42Z',
      eventSource: 'lambda.amazonaws.com',
      eventName: 'DeleteFunction20150331',
      awsRegion: 'us-east-1',
      sourceIPAddress: '203.0.113.7',
      userAgent: 'aws-cli/2',
      requestParameters: { functionName: 'basic-node-task' },
      responseElements: null,
      requestID: '6ea49a49-6b3f-4bd7-a5f7-bbb0d4d9d1d5',
      eventID: '5d1a37b2-b1c4-4d9c-8a2c-6ad1d6b0b2d5',
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: '111122223333',
      eventCategory: 'Management',
    },
  },
});
