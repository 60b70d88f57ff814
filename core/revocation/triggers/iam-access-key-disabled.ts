import * as z from 'zod';
import { cloudTrailCall } from './cloudtrail-call.ts';
import { iamCallExample } from './iam-call.ts';
import { iamArn } from './resource.ts';
import { iamName } from './trigger.ts';

const self = z.object({ type: z.literal('IAMUser'), userName: iamName });

/**
 * Revokes all tokens of an IAM user when an access key of the user is deleted or made inactive, because a token does
 * not tell which key its request was signed with. The user is not blocked: after a key rotation the user continues with
 * the other key.
 *
 * If the call names no user, the key belongs to the caller.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html
 */
export const iamAccessKeyDisabled = cloudTrailCall({
  source: 'aws.iam',
  eventSource: 'iam.amazonaws.com',
  calls: ['UpdateAccessKey', 'DeleteAccessKey'],
  // DeleteAccessKey has no status parameter.
  pattern: () => ({ requestParameters: { status: ['Inactive', { exists: false }] } }),
  parameters: z.object(
    {
      userName: iamName.nullish(),
      status: z
        .string({ error: 'must be the status of a key' })
        .max(64, { error: 'must be the status of a key' })
        .nullish(),
    },
    { error: 'must be the parameters of a key' },
  ),
  revokes({ userName, status }, event, caller) {
    if ((status ?? 'Inactive') !== 'Inactive') return [];
    const name = userName ?? self.safeParse(caller).data?.userName;
    // The key belongs to the root user, which gets no tokens.
    if (name === undefined) return [];
    return [{ selector: { subject: iamArn('user', name, event) }, reason: 'IAM access key disabled', blockFor: 0 }];
  },
  example: iamCallExample('UpdateAccessKey', {
    userName: 'ci-job',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    status: 'Inactive',
  }),
});
