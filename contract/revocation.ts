import * as z from 'zod';
import { having, havingNone, havingOne, type MembersSchema, stated } from './alternatives.ts';
import { limits } from './limits.ts';
import {
  type RevocationSelector,
  revocationSelector,
  selectorFields,
  somethingPicked,
  somethingPickedSchema,
  task,
} from './selector.ts';
import { subject } from './subject.ts';
import { exactAudience, reason, tokenId, unverifiedToken } from './text.ts';

/** `POST /revoke` (RFC 7009): a workload takes back a token of its own, by the token or its id, or all it has for a task. */
export const ownRevocationRequest = z
  .object({ token: unverifiedToken.optional(), token_id: tokenId.optional(), task: task.optional() })
  .refine((request) => Object.values(request).filter((value) => value !== undefined).length === 1, {
    path: ['token'],
    error: 'or token_id or task must be given, one of the three',
  })
  .meta({
    id: 'OwnRevocationRequest',
    description: 'One of the caller’s own tokens, or all it has for a task.',
    ...stated(havingOne(['token', 'token_id', 'task'])),
  });

const { tokenId: token_id, policyBundle: policy_bundle, issuedBefore: issued_before, ...sameName } = selectorFields;

/** How long a subject may be blocked, in seconds. */
export const blockFor = z
  .int({ error: 'must be a whole number of seconds' })
  .nonnegative({ error: 'must not be negative' })
  .max(limits.block, { error: `must be at most ${limits.block}` })
  .meta({
    description:
      'How long the subject gets no new token, in seconds; 0: not at all. Only with a subject alone; without it, as configured.',
  });

/** A revocation, as an operator or an event asks for it. */
export interface AskedRevocation {
  selector: RevocationSelector;
  reason?: string | undefined;
  /** How long the subject gets no new token, in seconds; absent: as configured. */
  blockFor?: number | undefined;
  /** Whether to revoke also by names that no record, policy or file of the deployment has. */
  allowUnknown?: boolean | undefined;
}

/** Refines a revocation that was asked for: it selects something, and blocks nobody but a subject that it names alone. */
export function askedRevocation(
  { selector, reason, blockFor, allowUnknown }: AskedRevocation,
  context: z.RefinementCtx,
): AskedRevocation {
  somethingPicked(selector, (issue) => context.addIssue(issue));
  const { subject, ...others } = selector;
  if (blockFor && (subject === undefined || Object.values(others).some((value) => value !== undefined))) {
    context.addIssue({ code: 'custom', path: ['block_for'], message: 'must go with a subject, and nothing else' });
  }
  return { selector, reason, blockFor, allowUnknown };
}

/** Whether to revoke by names that nothing known has. */
export const allowUnknown = z.boolean({ error: 'must be true or false' }).meta({
  description:
    'Whether to revoke also if no kept record, policy or file of the deployment names the target: blocks a workload that ' +
    'has never asked for a token. Otherwise such a revocation is refused.',
});

/**
 * `askedRevocation` as JSON Schema.
 *
 * @param members the names of the fields of the selector
 * @param blockFor the name of `blockFor`
 */
export function askedRevocationSchema(members: readonly string[], blockFor: string): { allOf: MembersSchema[] } {
  const others = members.filter((member) => member !== 'subject');
  const onlySubject = { ...having('subject'), ...havingNone(others) };
  return stated(somethingPickedSchema(members), { anyOf: [{ properties: { [blockFor]: { const: 0 } } }, onlySubject] });
}

const picks = { token_id, ...sameName, policy_bundle, issued_before, all: revocationSelector.shape.all };

/** What a revocation says on the wire and in the configuration. */
const revocation = z.strictObject({ ...picks, reason: reason.optional(), block_for: blockFor.optional() });

/** The revocation that members of the wire ask for. */
function readRevocation(
  { token_id, policy_bundle, issued_before, reason, block_for, ...picks }: z.infer<typeof revocation>,
  context: z.RefinementCtx,
): AskedRevocation {
  const selector = { tokenId: token_id, ...picks, policyBundle: policy_bundle, issuedBefore: issued_before };
  return askedRevocation({ selector: said(selector), reason, blockFor: block_for }, context);
}

/** A revocation in the configuration. */
export const configuredRevocation = revocation.extend({ audience: exactAudience.optional() }).transform(readRevocation);

/** `POST /revocations`: an operator revokes the tokens that the members select. An unknown member is refused. */
export const revocationRequest = revocation
  .extend({
    allow_unknown: allowUnknown.optional(),
    dry_run: z.boolean({ error: 'must be true or false' }).optional().meta({
      description: 'Whether to change nothing, and answer how many tokens would be revoked.',
    }),
  })
  .transform(({ allow_unknown, dry_run, ...asked }, context) => ({
    ...readRevocation(asked, context),
    allowUnknown: allow_unknown,
    dryRun: dry_run,
  }))
  .meta({
    id: 'RevocationRequest',
    description: 'Which tokens to revoke. Of several members, all must hold.',
    ...askedRevocationSchema(Object.keys(picks), 'block_for'),
  });

/** `POST /revocations` with `dry_run`, answered. */
export const revocationDryRunResponse = z
  .object({
    would_revoke: z.int().nonnegative().meta({ description: 'How many active tokens it would revoke.' }),
    subjects: z.int().nonnegative().meta({ description: 'How many workloads these tokens were issued to.' }),
    at_least: z.literal(true).optional().meta({
      description: 'The count was cut off after some seconds: there may be more tokens, and more workloads.',
    }),
  })
  .meta({ id: 'RevocationDryRunResponse', description: 'What a revocation would do.' });
export type RevocationDryRunResponse = z.infer<typeof revocationDryRunResponse>;

/** `POST /revocations` without `dry_run`, and `GET /revocations/{id}`, answered. */
export const revocationResponse = z
  .object({
    revocation_id: z.string().optional().meta({
      description:
        'Names this revocation: `GET /revocations/{revocation_id}`. Absent for one token, which is done at once.',
    }),
    status: z.enum(['running', 'done']).meta({
      description:
        '`running`: it goes on by itself, for some seconds at least, since the last tokens vended are found a moment later. ' +
        'Introspection and issuing obey a revoked subject from now on.',
    }),
    revoked: z
      .int()
      .nonnegative()
      .meta({ description: 'How many tokens it has taken back. A repetition counts none.' }),
    blocked_until: z.iso.datetime().optional().meta({
      description: 'Until when the subject gets no token. In the answer to `POST` alone.',
    }),
  })
  .meta({ id: 'RevocationResponse', description: 'What a revocation did, so far.' });
export type RevocationResponse = z.infer<typeof revocationResponse>;

/** `POST /revocations`, answered. */
export const revocationAnswer = z
  .union([revocationResponse, revocationDryRunResponse])
  .meta({ id: 'RevocationAnswer', description: 'What a revocation did so far, or would do.' });

/** `GET /revocations/{revocation_id}`: which one. */
export const revocationProgressRequest = z
  .strictObject({
    revocation_id: z
      .string({ error: 'must be the id of a revocation' })
      .regex(/^[\w-]{1,128}$/, { error: 'must be the id of a revocation' })
      .meta({ description: 'As `POST /revocations` or `Revocation Ordered` named it.' }),
  })
  .meta({ id: 'RevocationProgressRequest', description: 'Which revocation, in the path.' });

/** `POST /blocks/lift`: an operator lets a blocked subject have tokens again. */
export const unblockRequest = z
  .strictObject({ subject, reason: reason.optional() })
  .meta({ id: 'UnblockRequest', description: 'A subject that may have tokens again.' });

/** `POST /blocks/lift`, answered. */
export const unblockResponse = z
  .object({ unblocked: z.boolean().meta({ description: 'Whether it was blocked.' }) })
  .meta({ id: 'UnblockResponse', description: 'What lifting a block did.' });

/** The members of a selector that are there. */
export function said(selector: RevocationSelector): RevocationSelector {
  return Object.fromEntries(Object.entries(selector).filter(([, value]) => value !== undefined));
}
