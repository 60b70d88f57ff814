import * as z from 'zod';
import { cloudTrailCall } from './cloudtrail-call.ts';
import { iamCallExample } from './iam-call.ts';
import { iamArn } from './resource.ts';
import { iamName } from './trigger.ts';

/**
 * Revokes the tokens of an IAM role when it is deleted. The role is not blocked: a deleted role cannot send requests,
 * and a role that is created with the same name later is another role.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html
 */
export const iamRoleDeleted = cloudTrailCall({
  source: 'aws.iam',
  eventSource: 'iam.amazonaws.com',
  calls: ['DeleteRole'],
  parameters: z.object({ roleName: iamName }, { error: 'must name a role' }),
  revokes: ({ roleName }, event) => [
    { selector: { subject: iamArn('role', roleName, event) }, reason: 'IAM role deleted', blockFor: 0 },
  ],
  example: iamCallExample('DeleteRole', { roleName: 'orders-service' }),
});
