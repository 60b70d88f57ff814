import * as z from 'zod';
import { having, havingAny, jsonSchemaRules, type MembersSchema } from './alternatives.ts';
import { location } from './authorization-details.ts';
import { subject } from './subject.ts';
import { name, tokenId } from './text.ts';

/** The task that a token is for: an id that the workload chooses. */
export const task = z
  .string({ error: 'must be the id of a task' })
  .regex(/^[\w.:/@+=,-]{1,128}$/, { error: 'must be at most 128 letters, digits and . _ : / @ + = , -' })
  .meta({
    description:
      'The task that the token is for: an id of your choice. When the task is done, all its tokens can be revoked at once.',
  });

/** A point in time: ISO 8601 in UTC. */
export const moment = z.iso.datetime({ error: 'must be a time such as 2026-11-22T09:30:00Z' });

/** The filters of a selector. A token must match all filters that are given. */
export const selectorFields = {
  tokenId: tokenId.optional(),
  subject: subject.optional(),
  workload: name.optional().meta({
    description:
      'One running workload, by the name of its role session: the id of an ECS task, an EC2 instance or a build, or the ' +
      'name of a Lambda function or a pod.',
  }),
  task: task.optional(),
  audience: name.optional().meta({ description: 'The resource server that accepts the tokens.' }),
  resource: location.optional().meta({
    description: 'A location. Selects tokens that permit any action there. `db/*` means `db` and everything below it.',
  }),
  policy: name.optional().meta({ description: 'The `@id` of a policy that permitted the tokens.' }),
  policyBundle: z
    .string({ error: 'must be the hash of a policy bundle' })
    .regex(/^[0-9a-f]{64}$/, { error: 'must be the hash of a policy bundle: 64 hexadecimal digits' })
    .optional()
    .meta({ description: 'The hash of the policy bundle that decided.' }),
  issuedBefore: moment.optional().meta({ description: 'Issued at or before this time (ISO 8601, UTC).' }),
} as const;

const all = z.literal(true, { error: 'must be true' }).optional().meta({
  description: 'Every token, or every token issued up to `issuedBefore`. Cannot be combined with other filters.',
});

/** Requires a filter, or `all` to select every token. A time alone is not enough: it would select nearly everything. */
export function requireSelection(
  selector: RevocationSelector,
  addIssue: (issue: { code: 'custom'; path: string[]; message: string }) => void,
): void {
  const { all, issuedBefore, ...picks } = selector;
  const picked = Object.values(picks).some((value) => value !== undefined);
  if (all && picked) {
    addIssue({
      code: 'custom',
      path: ['all'],
      message: 'cannot be combined with other filters, except the time of issue',
    });
  } else if (!all && !picked) {
    const message = 'must be true to select every token, unless another selector is given';
    addIssue({ code: 'custom', path: ['all'], message });
  }
}

/** `requireSelection` as JSON Schema. @param members the names of the selector's fields */
export function selectionSchema(members: readonly string[]): MembersSchema {
  const picks = members.filter((member) => !['all', 'issuedBefore', 'issued_before'].includes(member));
  return { oneOf: [having('all'), havingAny(picks)] };
}

const selector = z.strictObject({ ...selectorFields, all });

/** Which tokens to revoke: those that match the filters, or every token with `all`. */
export const revocationSelector = selector
  .superRefine((picks, context) => requireSelection(picks, (issue) => context.addIssue(issue)))
  .meta({
    id: 'RevocationSelector',
    description: 'Which tokens to revoke. A token must match every field that is given.',
    ...jsonSchemaRules(selectionSchema(Object.keys(selector.shape))),
  });
export type RevocationSelector = z.infer<typeof selector>;
