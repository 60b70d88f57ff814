import * as z from 'zod';
import { cloudTrailCall } from './cloudtrail-call.ts';
import { iamCallExample } from './iam-call.ts';
import { iamArn } from './resource.ts';
import type { TagSettings } from './resource-tagged.ts';
import { iamName } from './trigger.ts';

const text = z.string({ error: 'must be text' }).max(256, { error: 'must have at most 256 characters' });

const tags = z
  .array(z.object({ key: text, value: text }, { error: 'must be a tag' }), { error: 'must be an array of tags' })
  .max(50, { error: 'must have at most 50 tags' });

/**
 * Revokes the tokens of an IAM role or user, and blocks it, when it gets the tag that flags it for deactivation. Reads
 * the API call, because AWS does not document `Tag Change on Resource` events for IAM.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagRole.html
 */
export const iamTagged = cloudTrailCall({
  source: 'aws.iam',
  eventSource: 'iam.amazonaws.com',
  calls: ['TagRole', 'TagUser'],
  pattern: ({ key, value }: TagSettings) => ({ requestParameters: { tags: { key: [key], value: [value] } } }),
  parameters: z
    .object({ roleName: iamName.optional(), userName: iamName.optional(), tags }, { error: 'must name a role or user' })
    .refine(({ roleName, userName }) => (roleName === undefined) !== (userName === undefined), {
      path: ['roleName'],
      error: 'or userName must be given, but not both',
    }),
  revokes({ roleName, userName, tags }, event, _caller, { key, value }) {
    if (!tags.some((tag) => tag.key === key && tag.value === value)) return [];
    const subject = roleName === undefined ? iamArn('user', userName ?? '', event) : iamArn('role', roleName, event);
    return [{ selector: { subject }, reason: 'tagged for deactivation' }];
  },
  example: iamCallExample('TagRole', {
    roleName: 'orders-service',
    tags: [
      { key: 'team', value: 'orders' },
      { key: 'tvm-state', value: 'deactivated' },
    ],
  }),
});
