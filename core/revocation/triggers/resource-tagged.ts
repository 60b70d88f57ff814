import * as z from 'zod';
import { accountProblem, arn, tokensOf } from './resource.ts';
import { trigger } from './trigger.ts';

/** The tag that flags a workload for deactivation. */
export interface TagSettings {
  key: string;
  value: string;
}

const key = z.string({ error: 'must be the key of a tag' }).max(128, { error: 'must have at most 128 characters' });

/**
 * Revokes the tokens of an EC2 instance, ECS task or Lambda function when it gets the tag that flags it for
 * deactivation.
 *
 * @see https://docs.aws.amazon.com/tag-editor/latest/userguide/tag-monitor.html
 */
export const resourceTagged = trigger({
  pattern: ({ key, value }: TagSettings) => ({
    source: ['aws.tag'],
    'detail-type': ['Tag Change on Resource'],
    detail: {
      'changed-tag-keys': [key],
      tags: { [key]: [value] },
      service: ['ec2', 'ecs', 'lambda'],
      'resource-type': ['instance', 'task', 'function'],
    },
  }),
  detail: z.object({
    'changed-tag-keys': z
      .array(key, { error: 'must be an array of keys' })
      .max(50, { error: 'must have at most 50 keys' }),
    tags: z
      .record(key, z.string({ error: 'must be text' }).max(256, { error: 'must have at most 256 characters' }), {
        error: 'must be tags',
      })
      .refine((tags) => Object.keys(tags).length <= 50, { error: 'must have at most 50 tags' }),
  }),
  revokes({ account, resources, detail: { 'changed-tag-keys': changed, tags } }, { key, value }) {
    if (!changed.includes(key) || !Object.hasOwn(tags, key) || tags[key] !== value) return [];
    const [resource, ...more] = resources;
    if (!arn.safeParse(resource).success || resource === undefined || more.length > 0) {
      return { problem: 'resources must be one ARN' };
    }
    const selector = tokensOf(resource);
    if (selector === undefined) return [];
    return accountProblem(resource, account, 'resources') ?? [{ selector, reason: 'tagged for deactivation' }];
  },
  example: {
    version: '0',
    id: 'bddcf1d6-0251-35a1-aab0-adc1fb47c11c',
    'detail-type': 'Tag Change on Resource',
    source: 'aws.tag',
    account: '111122223333',
    time: '2026-11-22T20:41:38Z',
    region: 'us-east-1',
    resources: ['arn:aws:ec2:us-east-1:111122223333:instance/i-0abcd1111efab2222'],
    detail: {
      'changed-tag-keys': ['tvm-state'],
      tags: { 'tvm-state': 'deactivated', 'an-unchanged-key': 'tag-value-still-the-same' },
      service: 'ec2',
      'resource-type': 'instance',
      version: 3,
    },
  },
});
