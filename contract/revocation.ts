import * as z from 'zod';
import { having, havingNone, havingOne, jsonSchemaRules, type MembersSchema } from './alternatives.ts';
import { limits } from './limits.ts';
import {
  type RevocationSelector,
  requireSelection,
  revocationSelector,
  selectionSchema,
  selectorFields,
  task,
} from './selector.ts';
import { subject } from './subject.ts';
import { exactAudience, reason, tokenId, unverifiedToken } from './text.ts';

/** The request of `POST /revoke` (RFC 7009): a workload revokes one of its own tokens, or all its tokens for a task. */
export const ownRevocationRequest = z
  .object({ token: unverifiedToken.optional(), token_id: tokenId.optional(), task: task.optional() })
  .refine((request) => Object.values(request).filter((value) => value !== undefined).length === 1, {
    path: ['token'],
    error: 'or token_id or task must be given, and only one of them',
  })
  .meta({
    id: 'OwnRevocationRequest',
    description: 'One of the caller’s own tokens, or all its tokens for a task.',
    ...jsonSchemaRules(havingOne(['token', 'token_id', 'task'])),
  });

const { tokenId: token_id, policyBundle: policy_bundle, issuedBefore: issued_before, ...sameName } = selectorFields;

/** The duration of a block, in seconds. */
export const blockFor = z
  .int({ error: 'must be a whole number of seconds' })
  .nonnegative({ error: 'must not be negative' })
  .max(limits.block, { error: `must be at most ${limits.block}` })
  .meta({
    description:
      'How long the subject is blocked, in seconds: it gets no new token. 0 means no block. Only allowed if the subject is ' +
      'the only filter. Default: as configured.',
  });

/** A revocation request of an operator or an event. */
export interface RequestedRevocation {
  selector: RevocationSelector;
  reason?: string | undefined;
  /** How long the subject is blocked, in seconds. Default: as configured. */
  blockFor?: number | undefined;
  /** Whether to accept names that no record, policy or file of the deployment contains. */
  allowUnknown?: boolean | undefined;
}

/** Requires a revocation request to select something, and to have a block only if the subject is its only filter. */
export function requestedRevocation(
  { selector, reason, blockFor, allowUnknown }: RequestedRevocation,
  context: z.RefinementCtx,
): RequestedRevocation {
  requireSelection(selector, (issue) => context.addIssue(issue));
  const { subject, ...others } = selector;
  if (blockFor && (subject === undefined || Object.values(others).some((value) => value !== undefined))) {
    context.addIssue({
      code: 'custom',
      path: ['block_for'],
      message: 'is only allowed if the subject is the only filter',
    });
  }
  return { selector, reason, blockFor, allowUnknown };
}

/** Whether to accept unknown names. */
export const allowUnknown = z.boolean({ error: 'must be true or false' }).meta({
  description:
    'Whether to accept a target that no stored record, policy or file of the deployment names. Use it to block a workload ' +
    'that has never requested a token. By default such a revocation is refused.',
});

/**
 * `requestedRevocation` as JSON Schema.
 *
 * @param members the names of the selector's fields
 * @param blockFor the name of the `blockFor` field
 */
export function requestedRevocationSchema(members: readonly string[], blockFor: string): { allOf: MembersSchema[] } {
  const others = members.filter((member) => member !== 'subject');
  const onlySubject = { ...having('subject'), ...havingNone(others) };
  return jsonSchemaRules(selectionSchema(members), {
    anyOf: [{ properties: { [blockFor]: { const: 0 } } }, onlySubject],
  });
}

const picks = { token_id, ...sameName, policy_bundle, issued_before, all: revocationSelector.shape.all };

/** The fields of a revocation in the API and in the configuration. */
const revocation = z.strictObject({ ...picks, reason: reason.optional(), block_for: blockFor.optional() });

/** Converts the fields of the API to a revocation request. */
function readRevocation(
  { token_id, policy_bundle, issued_before, reason, block_for, ...picks }: z.infer<typeof revocation>,
  context: z.RefinementCtx,
): RequestedRevocation {
  const selector = { tokenId: token_id, ...picks, policyBundle: policy_bundle, issuedBefore: issued_before };
  return requestedRevocation({ selector: withoutUndefined(selector), reason, blockFor: block_for }, context);
}

/** A revocation in the configuration. */
export const configuredRevocation = revocation.extend({ audience: exactAudience.optional() }).transform(readRevocation);

/** The request of `POST /revocations`: an operator revokes the tokens that match. An unknown field is refused. */
export const revocationRequest = revocation
  .extend({
    allow_unknown: allowUnknown.optional(),
    dry_run: z.boolean({ error: 'must be true or false' }).optional().meta({
      description: 'Whether to change nothing and only count the tokens that would be revoked.',
    }),
  })
  .transform(({ allow_unknown, dry_run, ...requested }, context) => ({
    ...readRevocation(requested, context),
    allowUnknown: allow_unknown,
    dryRun: dry_run,
  }))
  .meta({
    id: 'RevocationRequest',
    description: 'Which tokens to revoke. A token must match every field that is given.',
    ...requestedRevocationSchema(Object.keys(picks), 'block_for'),
  });

/** The response of `POST /revocations` with `dry_run`. */
export const revocationDryRunResponse = z
  .object({
    would_revoke: z.int().nonnegative().meta({ description: 'The number of active tokens that it would revoke.' }),
    subjects: z.int().nonnegative().meta({ description: 'The number of workloads that have these tokens.' }),
    at_least: z.literal(true).optional().meta({
      description: 'Counting stopped after some seconds. There may be more tokens and more workloads.',
    }),
  })
  .meta({ id: 'RevocationDryRunResponse', description: 'What a revocation would do.' });
export type RevocationDryRunResponse = z.infer<typeof revocationDryRunResponse>;

/** The response of `POST /revocations` without `dry_run`, and of `GET /revocations/{id}`. */
export const revocationResponse = z
  .object({
    revocation_id: z
      .string()
      .optional()
      .meta({
        description:
          'The id of the revocation, for `GET /revocations/{revocation_id}`. Absent for the revocation of one token, which ' +
          'completes at once.',
      }),
    status: z.enum(['running', 'done']).meta({
      description:
        '`running`: the revocation continues in the background for at least some seconds, because the tokens issued last ' +
        'appear in the index with a delay. A revoked subject takes effect in introspection and issuing immediately.',
    }),
    revoked: z
      .int()
      .nonnegative()
      .meta({ description: 'The number of tokens revoked so far. Tokens that were already revoked are not counted.' }),
    blocked_until: z.iso.datetime().optional().meta({
      description: 'When the block of the subject ends. Only in the response to `POST`.',
    }),
  })
  .meta({ id: 'RevocationResponse', description: 'The progress of a revocation.' });
export type RevocationResponse = z.infer<typeof revocationResponse>;

/** The response of `POST /revocations`. */
export const revocationAnswer = z
  .union([revocationResponse, revocationDryRunResponse])
  .meta({ id: 'RevocationAnswer', description: 'The progress of a revocation, or the result of a dry run.' });

/** The request of `GET /revocations/{revocation_id}`. */
export const revocationProgressRequest = z
  .strictObject({
    revocation_id: z
      .string({ error: 'must be the id of a revocation' })
      .regex(/^[\w-]{1,128}$/, { error: 'must be the id of a revocation' })
      .meta({ description: 'The id from `POST /revocations` or from the event `Revocation Ordered`.' }),
  })
  .meta({ id: 'RevocationProgressRequest', description: 'The id of the revocation, in the path.' });

/** The request of `POST /blocks/lift`: an operator lifts the block of a subject. */
export const unblockRequest = z
  .strictObject({ subject, reason: reason.optional() })
  .meta({ id: 'UnblockRequest', description: 'The subject whose block to lift.' });

/** The response of `POST /blocks/lift`. */
export const unblockResponse = z
  .object({ unblocked: z.boolean().meta({ description: 'Whether the subject was blocked.' }) })
  .meta({ id: 'UnblockResponse', description: 'The result of lifting a block.' });

/** Removes the undefined fields of a selector. */
export function withoutUndefined(selector: RevocationSelector): RevocationSelector {
  return Object.fromEntries(Object.entries(selector).filter(([, value]) => value !== undefined));
}
