import * as z from 'zod';
import { cloudTrailCall } from './cloudtrail-call.ts';
import { iamCallExample } from './iam-call.ts';
import { iamArn } from './resource.ts';
import { iamName } from './trigger.ts';

/**
 * An IAM user was deleted: its tokens are taken back. It is not blocked: what is gone cannot ask, and a user that is made
 * anew by that name is another.
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
