import * as z from 'zod';
import { cloudTrailCall } from './cloudtrail-call.ts';
import { iamCallExample } from './iam-call.ts';
import { iamArn } from './resource.ts';
import { iamName } from './trigger.ts';

/**
 * Revokes the tokens of an IAM user when it is deleted. The user is not blocked: a deleted user cannot send requests,
 * and a user that is created with the same name later is another user.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
 */
export const iamUserDeleted = cloudTrailCall({
  source: 'aws.iam',
  eventSource: 'iam.amazonaws.com',
  calls: ['DeleteUser'],
  parameters: z.object({ userName: iamName }, { error: 'must name a user' }),
  revokes: ({ userName }, event) => [
    { selector: { subject: iamArn('user', userName, event) }, reason: 'IAM user deleted', blockFor: 0 },
  ],
  example: iamCallExample('DeleteUser', { userName: 'ci-job' }),
});
