import * as z from 'zod';
import { having, havingAny, type MembersSchema, stated } from './alternatives.ts';
import { location } from './authorization-details.ts';
import { subject } from './subject.ts';
import { name, tokenId } from './text.ts';

/** A task that tokens are for: an id of the workload's choice. */
export const task = z
  .string({ error: 'must be the id of a task' })
  .regex(/^[\w.:/@+=,-]{1,128}$/, { error: 'must be at most 128 letters, digits and . _ : / @ + = , -' })
  .meta({
    description: 'The task that the token is for, by an id of your choice: when it is done, its tokens can go.',
  });

/** A moment, as ISO 8601 in UTC. */
export const moment = z.iso.datetime({ error: 'must be a time such as 2026-11-22T09:30:00Z' });

/** What tokens are picked out by. Of several, all must hold. */
export const selectorFields = {
  tokenId: tokenId.optional(),
  subject: subject.optional(),
  workload: name.optional().meta({
    description:
      'One running workload, by its role session’s name: the id of an ECS task, an EC2 instance or a build, the name of a ' +
      'Lambda function or a pod.',
  }),
  task: task.optional(),
  audience: name.optional().meta({ description: 'The resource server that accepts them.' }),
  resource: location.optional().meta({
    description: 'A location: whatever permits anything there. `db/*` is `db` and everything in it.',
  }),
  policy: name.optional().meta({ description: 'The `@id` of a policy that permitted them.' }),
  policyBundle: z
    .string({ error: 'must be the hash of a policy bundle' })
    .regex(/^[0-9a-f]{64}$/, { error: 'must be the hash of a policy bundle: 64 hexadecimal digits' })
    .optional()
    .meta({ description: 'The hash of the policy bundle that decided.' }),
  issuedBefore: moment.optional().meta({ description: 'Vended until then: a time, ISO 8601 in UTC.' }),
} as const;

const all = z.literal(true, { error: 'must be true' }).optional().meta({
  description: 'Every token there is, or was until `issuedBefore`. Nothing else may stand beside it.',
});

/** Refines what selects: everything is meant only where `all` says so; a time alone would be everything too. */
export function somethingPicked(
  selector: RevocationSelector,
  addIssue: (issue: { code: 'custom'; path: string[]; message: string }) => void,
): void {
  const { all, issuedBefore, ...picks } = selector;
  const picked = Object.values(picks).some((value) => value !== undefined);
  if (all && picked) {
    addIssue({ code: 'custom', path: ['all'], message: 'must stand alone, or with a time to be issued before' });
  } else if (!all && !picked) {
    const message = 'must be true if every token there is is meant; otherwise say which ones';
    addIssue({ code: 'custom', path: ['all'], message });
  }
}

/** `somethingPicked` as JSON Schema. @param members the names of the fields of the selector */
export function somethingPickedSchema(members: readonly string[]): MembersSchema {
  const picks = members.filter((member) => !['all', 'issuedBefore', 'issued_before'].includes(member));
  return { oneOf: [having('all'), havingAny(picks)] };
}

const selector = z.strictObject({ ...selectorFields, all });

/** Which tokens a revocation takes back: something picks them out, or `all` says that all are meant. */
export const revocationSelector = selector
  .superRefine((picks, context) => somethingPicked(picks, (issue) => context.addIssue(issue)))
  .meta({
    id: 'RevocationSelector',
    description: 'Which tokens to take back. Of several members, all must hold.',
    ...stated(somethingPickedSchema(Object.keys(selector.shape))),
  });
export type RevocationSelector = z.infer<typeof selector>;
