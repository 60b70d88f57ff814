import * as z from 'zod';
import { authorizationDetails, location } from './authorization-details.ts';
import { claims } from './claims.ts';
import { isArn, subject } from './subject.ts';
import { name } from './text.ts';
import { consistent, obligations, requestParameters, roleScope } from './token.ts';

/**
 * The request of `POST /explain`: a workload asks what a token request of its own would get. The body is that of
 * `POST /token`. Other parameters are ignored.
 */
export const explanationRequest = consistent(z.object(requestParameters)).meta({
  id: 'ExplanationRequest',
  description: 'The token request of the caller to explain: the body of `POST /token`.',
});

const AN_ADDRESS = 'must be an IPv4 or IPv6 address';

/** Reports whether Cedar can parse an address. It supports neither zones nor IPv4 addresses within IPv6 addresses. */
function isAddress(text: string): boolean {
  return z.ipv4().safeParse(text).success || (z.ipv6().safeParse(text).success && !text.includes('.'));
}

/** The request of `POST /explain/any`: an operator asks what a token request of any workload would get. */
export const anyExplanationRequest = consistent(
  z.object({
    ...requestParameters,
    subject,
    source_ip: z
      .string({ error: AN_ADDRESS })
      .refine(isAddress, { error: AN_ADDRESS })
      .optional()
      .meta({ description: 'The IPv4 or IPv6 address that the request would come from. Default: the caller’s own.' }),
    claims: claims.optional().meta({
      description: 'The mapped claims of a federated workload, as its record has them. Default: none.',
    }),
    vpc_endpoint: z
      .string()
      .regex(/^vpce-[0-9a-f]{8,32}$/, { error: 'must be the id of a VPC endpoint, as in vpce-0a1b2c3d4e5f6a7b8' })
      .optional()
      .meta({ description: 'The VPC endpoint that the request would come through. Default: none.' }),
    organization: z
      .string()
      .regex(/^o-[a-z0-9]{10,32}$/, { error: 'must be the id of an AWS organization, as in o-a1b2c3d4e5' })
      .optional()
      .meta({ description: 'The AWS organization of the workload’s account. An ARN does not contain it.' }),
    time: z.iso
      .datetime({ offset: true, error: 'must be a time with its zone, as in 2026-01-31T08:15:00Z' })
      .refine((text) => /^2\d{3}/.test(text), { error: 'must be in the years 2000 to 2999' })
      .optional()
      .meta({ description: 'The time of the request (RFC 3339). Default: now.' }),
  }),
)
  .refine(({ subject, claims }) => claims === undefined || !isArn(subject), {
    path: ['claims'],
    error: 'must be absent: only a federated workload has claims',
  })
  .refine(({ subject, organization }) => organization === undefined || isArn(subject), {
    path: ['organization'],
    error: 'must be absent: only an AWS workload has an organization',
  })
  .meta({ id: 'AnyExplanationRequest', description: 'The token request of any workload to explain.' });
export type AnyExplanationRequest = z.infer<typeof anyExplanationRequest>;

const policyName = {
  id: z.string().meta({ description: 'The policy’s `@id`.' }),
  file: z.string().optional().meta({ description: 'The policy’s file. Only for operators.' }),
  line: z.int().positive().optional().meta({ description: 'The policy’s line in the file. Only for operators.' }),
};

/** A policy that determined a verdict. */
export const decidingPolicy = z
  .object({
    ...policyName,
    conditions: z
      .array(z.string())
      .optional()
      .meta({ description: 'For a `forbid`: the conditions that were met, as far as the caller may read them.' }),
  })
  .meta({ id: 'DecidingPolicy', description: 'A policy that determined a verdict.' });

/** A part of a policy that did not match. */
export const missedPart = z
  .object({
    part: z.enum(['principal', 'action', 'resource', 'condition']).meta({ description: 'The part of the policy.' }),
    text: z.string().meta({ description: 'What would have to be true, in Cedar.' }),
    error: z.literal(true).optional().meta({ description: 'The part could not be evaluated.' }),
  })
  .meta({ id: 'MissedPart', description: 'A part of a policy that did not match.' });

/** A policy that would have permitted a pair if some of its parts had matched. */
export const nearMiss = z
  .object({
    ...policyName,
    missed: z.array(missedPart).meta({ description: 'The parts that did not match.' }),
  })
  .meta({ id: 'NearMiss', description: 'A policy that nearly permitted it.' });

/** The explanation of one (action, location) pair, or of the role. */
export const pairExplanation = z
  .object({
    action: z.string().meta({ description: 'The action. `assume` means assuming the role.' }),
    location: location.optional(),
    role: z.string().optional().meta({ description: 'The role, if the action is `assume`.' }),
    fields: z.array(z.string()).optional(),
    verdict: z.enum(['allowed', 'forbidden', 'not_permitted', 'policy_error', 'refused_by_condition']).meta({
      description:
        '`forbidden`: a policy forbids it. `not_permitted`: no policy permits it. `policy_error`: a policy could not be ' +
        'evaluated. `refused_by_condition`: policy permits it, but an external authorizer denies it.',
    }),
    policies: z
      .array(decidingPolicy)
      .meta({ description: 'The policies that determined the verdict, as far as the caller may know them.' }),
    place: location.optional().meta({ description: 'For a subtree: the location in it that is not allowed.' }),
    too_many_places: z
      .literal(true)
      .optional()
      .meta({ description: 'The policies distinguish too many locations in the subtree to evaluate all of them.' }),
    refused_by: z
      .array(z.string())
      .optional()
      .meta({ description: 'The external authorizers that denied it. Only for operators.' }),
    near_misses: z
      .array(nearMiss)
      .optional()
      .meta({ description: 'If no policy permits it: the policies that came closest, and what did not match.' }),
  })
  .meta({ id: 'PairExplanation', description: 'One (action, location) pair, or the role.' });
export type PairExplanation = z.infer<typeof pairExplanation>;

/** A request that is similar to the denied one and would be allowed. */
export const change = z
  .object({
    sentence: z.string().meta({ description: 'What to change, in one sentence for a person.' }),
    parameters: z
      .array(z.enum(['authorization_details', 'grant', 'audience', 'resource', 'expires_in', 'reason']))
      .meta({
        description: 'The parameters that differ.',
      }),
    request: z
      .object({
        ...requestParameters,
        reason: requestParameters.reason.meta({ description: '`…` if policy requires a reason and none was given.' }),
      })
      .meta({ id: 'ChangedRequest', description: 'The complete changed request, which would be allowed.' }),
  })
  .meta({ id: 'Change', description: 'The smallest change found that policy would allow.' });
export type Change = z.infer<typeof change>;

/** The response of `POST /explain` and `POST /explain/any`. */
export const explanation = z
  .object({
    allowed: z.boolean().meta({ description: 'Whether `POST /token` would issue the token.' }),
    denial: z
      .enum(['policy', 'role_unavailable', 'reason_missing', 'further_condition', 'subject_revoked', 'subject_blocked'])
      .optional()
      .meta({
        description:
          'Why not. `role_unavailable` (only for operators): there is no such role, or the workload lacks an attribute that the ' +
          'role’s locations contain. `reason_missing`: a policy requires a reason. `subject_blocked`: policy allows it, but the ' +
          'workload is blocked. `subject_revoked`: policy allows it, but the workload’s tokens of that time are revoked.',
      }),
    blocked_until: z.iso
      .datetime()
      .optional()
      .meta({ description: 'When the workload’s block ends. Until then it gets no token, whatever policy allows.' }),
    lacks: z.string().optional().meta({ description: 'The attribute that the workload lacks. Only for operators.' }),
    subject: name.meta({ description: 'The workload of the decision.' }),
    scope: roleScope.optional(),
    audience: z.string().optional().meta({ description: 'The resource server that would receive the token.' }),
    source_ip: z.string().meta({ description: 'The source address of the decision.' }),
    time: z.iso.datetime().meta({ description: 'The time of the decision.' }),
    policy: z.string().meta({ description: 'The policy bundle that decided: the first 12 digits of its hash.' }),
    expires_in: z.int().positive().optional().meta({ description: 'Lifetime of the token, in seconds, if allowed.' }),
    authorization_details: authorizationDetails.optional().meta({ description: 'What the token would permit.' }),
    obligations: obligations.optional(),
    pairs: z.array(pairExplanation).meta({ description: 'One entry for each requested pair, or for the role.' }),
    change: change.optional(),
  })
  .meta({ id: 'Explanation', description: 'What a token request gets, and why.' });
export type Explanation = z.infer<typeof explanation>;
