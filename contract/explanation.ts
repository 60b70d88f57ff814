import * as z from 'zod';
import { authorizationDetails, location } from './authorization-details.ts';
import { subject } from './subject.ts';
import { name } from './text.ts';
import { asked, consistent, obligations, roleScope } from './token.ts';

/**
 * `POST /explain`: a workload asks what a request of its own would get. The body of `POST /token` as it is; what that
 * has besides is ignored.
 */
export const explanationRequest = consistent(z.object(asked)).meta({
  id: 'ExplanationRequest',
  description: 'What to explain, for the caller: the body of a token request.',
});

const AN_ADDRESS = 'must be an IPv4 or IPv6 address';

/** Neither a zone nor an IPv4 address within an IPv6 one: Cedar knows no such addresses. */
function isAddress(text: string): boolean {
  return z.ipv4().safeParse(text).success || (z.ipv6().safeParse(text).success && !text.includes('.'));
}

/** `POST /explain/any`: an operator asks what a request of any workload would get, from anywhere, at any time. */
export const anyExplanationRequest = consistent(
  z.object({
    ...asked,
    subject,
    source_ip: z
      .string({ error: AN_ADDRESS })
      .refine(isAddress, { error: AN_ADDRESS })
      .optional()
      .meta({ description: 'As if asked from this IPv4 or IPv6 address; without it, from that of the operator.' }),
    vpc_endpoint: z
      .string()
      .regex(/^vpce-[0-9a-f]{8,32}$/, { error: 'must be the id of a VPC endpoint, as in vpce-0a1b2c3d4e5f6a7b8' })
      .optional()
      .meta({ description: 'As if asked through this VPC endpoint; without it, through none.' }),
    organization: z
      .string()
      .regex(/^o-[a-z0-9]{10,32}$/, { error: 'must be the id of an AWS organization, as in o-a1b2c3d4e5' })
      .optional()
      .meta({ description: 'The AWS organization of the workload’s account, which its ARN does not tell.' }),
    time: z.iso
      .datetime({ offset: true, error: 'must be a time with its zone, as in 2026-01-31T08:15:00Z' })
      .refine((text) => /^2\d{3}/.test(text), { error: 'must be of this millennium' })
      .optional()
      .meta({ description: 'As if asked at this time (RFC 3339); without it, now.' }),
  }),
).meta({ id: 'AnyExplanationRequest', description: 'What to explain, for a workload of the operator’s choice.' });
export type AnyExplanationRequest = z.infer<typeof anyExplanationRequest>;

const policyName = {
  id: z.string().meta({ description: 'The policy’s `@id`.' }),
  file: z.string().optional().meta({ description: 'The file it stands in; for operators.' }),
  line: z.int().positive().optional().meta({ description: 'Where in its file; for operators.' }),
};

/** A policy that made a verdict. */
export const decidingPolicy = z
  .object({
    ...policyName,
    conditions: z
      .array(z.string())
      .optional()
      .meta({ description: 'Of a `forbid`: the conditions that held, as far as the caller may read them.' }),
  })
  .meta({ id: 'DecidingPolicy', description: 'A policy that made a verdict.' });

/** A part of a policy that did not hold. */
export const missedPart = z
  .object({
    part: z.enum(['principal', 'action', 'resource', 'condition']).meta({ description: 'Of the policy.' }),
    text: z.string().meta({ description: 'As Cedar writes it: what would have to hold.' }),
    error: z.literal(true).optional().meta({ description: 'It could not be evaluated.' }),
  })
  .meta({ id: 'MissedPart', description: 'A part of a policy that did not hold.' });

/** A policy that would have permitted something, but for some of its parts. */
export const nearMiss = z
  .object({
    ...policyName,
    missed: z.array(missedPart).meta({ description: 'What did not hold.' }),
  })
  .meta({ id: 'NearMiss', description: 'A policy that came close to permitting it.' });

/** What is said of one thing that was asked for. */
export const pairExplanation = z
  .object({
    action: z.enum(['read', 'write', 'assume']).meta({ description: 'What to do; `assume` is to take the role.' }),
    location: location.optional(),
    role: z.string().optional().meta({ description: 'The role to take, of `assume`.' }),
    fields: z.array(z.string()).optional(),
    verdict: z.enum(['allowed', 'forbidden', 'not_permitted', 'policy_error', 'refused_by_condition']).meta({
      description:
        '`forbidden`: a policy forbids it. `not_permitted`: no policy permits it. `policy_error`: a policy could not be ' +
        'evaluated. `refused_by_condition`: policy permits it, a further condition does not.',
    }),
    policies: z
      .array(decidingPolicy)
      .meta({ description: 'The policies that made the verdict, as far as the caller may know them.' }),
    place: location.optional().meta({ description: 'Of a subtree: the place in it that is not allowed.' }),
    too_many_places: z
      .literal(true)
      .optional()
      .meta({ description: 'The subtree has more places that policies tell apart than are judged.' }),
    refused_by: z
      .array(z.string())
      .optional()
      .meta({ description: 'The further conditions that refused it; for operators.' }),
    near_misses: z
      .array(nearMiss)
      .optional()
      .meta({ description: 'Of what no policy permits: the policies that came closest, and what kept them from it.' }),
  })
  .meta({ id: 'PairExplanation', description: 'One (action, location) pair, or the role.' });
export type PairExplanation = z.infer<typeof pairExplanation>;

/** A request like the one that was denied, and allowed. */
export const change = z
  .object({
    sentence: z.string().meta({ description: 'What to do, for a person.' }),
    parameters: z
      .array(z.enum(['authorization_details', 'grant', 'audience', 'resource', 'expires_in', 'reason']))
      .meta({
        description: 'The parameters that differ.',
      }),
    request: z
      .object({
        ...asked,
        reason: asked.reason.meta({ description: '`…` where a reason is asked for and none was given.' }),
      })
      .meta({ id: 'ChangedRequest', description: 'The whole request, changed: it would be allowed.' }),
  })
  .meta({ id: 'Change', description: 'The smallest change found that policy would allow.' });
export type Change = z.infer<typeof change>;

/** `POST /explain` and `POST /explain/any`, answered. */
export const explanation = z
  .object({
    allowed: z.boolean().meta({ description: 'Whether `POST /token` would vend it.' }),
    denial: z
      .enum(['policy', 'role_unavailable', 'reason_missing', 'further_condition', 'subject_revoked', 'subject_blocked'])
      .optional()
      .meta({
        description:
          'Why not. `role_unavailable` (for operators): there is no such role, or the workload lacks an attribute that its ' +
          'locations are made of. `reason_missing`: a policy asks for a reason. `subject_blocked`, `subject_revoked`: policy ' +
          'allows it, and the workload is blocked, or its tokens of that time are revoked.',
      }),
    blocked_until: z.iso
      .datetime()
      .optional()
      .meta({ description: 'The workload is blocked until then: it gets no token, whatever policy allows.' }),
    lacks: z.string().optional().meta({ description: 'The attribute that the workload lacks; for operators.' }),
    subject: name.meta({ description: 'The workload that it was decided for.' }),
    scope: roleScope.optional(),
    audience: z.string().optional().meta({ description: 'Who would receive the token.' }),
    source_ip: z.string().meta({ description: 'From where it was decided for.' }),
    time: z.iso.datetime().meta({ description: 'For when it was decided.' }),
    policy: z.string().meta({ description: 'The policy bundle that decided: the first 12 digits of its hash.' }),
    expires_in: z.int().positive().optional().meta({ description: 'Lifetime of the token, in seconds, if allowed.' }),
    authorization_details: authorizationDetails.optional().meta({ description: 'What the token would permit.' }),
    obligations: obligations.optional(),
    pairs: z.array(pairExplanation).meta({ description: 'Everything that was asked for, one by one.' }),
    change: change.optional(),
  })
  .meta({ id: 'Explanation', description: 'What a token request gets, and why.' });
export type Explanation = z.infer<typeof explanation>;
