import * as z from 'zod';
import { cloudTrailCall } from './cloudtrail-call.ts';
import { iamCallExample } from './iam-call.ts';
import { iamArn } from './resource.ts';
import { iamName } from './trigger.ts';

const self = z.object({ type: z.literal('IAMUser'), userName: iamName });

/**
 * An access key of an IAM user was deleted or made inactive: the user's tokens are taken back, since none says by which
 * key it was asked for. The user is not blocked: whoever rotates keys goes on with the other one.
 *
 * Without a user's name the key is the caller's own.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html
 */
export const iamAccessKeyDisabled = cloudTrailCall({
  source: 'aws.iam',
  eventSource: 'iam.amazonaws.com',
  calls: ['UpdateAccessKey', 'DeleteAccessKey'],
  // A key that is deleted has no status.
  pattern: () => ({ requestParameters: { status: ['Inactive', { exists: false }] } }),
  parameters: z.object(
    {
      userName: iamName.nullish(),
      status: z
        .string({ error: 'must be the status of a key' })
        .max(64, { error: 'must be the status of a key' })
        .nullish(),
    },
    { error: 'must be of a key' },
  ),
  revokes({ userName, status }, event, caller) {
    if ((status ?? 'Inactive') !== 'Inactive') return [];
    const name = userName ?? self.safeParse(caller).data?.userName;
    // A key of the root user, for whom nothing is vended.
    if (name === undefined) return [];
    return [{ selector: { subject: iamArn('user', name, event) }, reason: 'IAM access key disabled', blockFor: 0 }];
  },
  example: iamCallExample('UpdateAccessKey', {
    userName: 'ci-job',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    status: 'Inactive',
  }),
});
