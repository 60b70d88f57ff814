import * as z from 'zod';
import { action, authorizationDetail } from './authorization-details.ts';
import { claims } from './claims.ts';
import { refusedProof } from './federation.ts';
import { moment, selectorFields } from './selector.ts';
import { tokenId } from './text.ts';
import { obligations } from './token.ts';

/** The states of listed tokens. `active`: neither expired nor revoked. `denied`: no token was issued. */
export const tokenState = z.enum(['active', 'expired', 'revoked', 'failed', 'denied'], {
  error: 'must be active, expired, revoked, failed or denied',
});
export type TokenState = z.infer<typeof tokenState>;

const { tokenId: _, policyBundle: policy_bundle, issuedBefore: issued_before, ...sameName } = selectorFields;

/** Maximum number of tokens on a page. */
export const PAGE = 100;

/** `GET /tokens`: which tokens to list, newest first. A token must match every parameter that is given. */
export const tokenListRequest = z
  .strictObject({
    state: tokenState.optional(),
    ...sameName,
    action: action.optional(),
    policy_bundle,
    source_ip: z
      .union([z.ipv4(), z.ipv6()], { error: 'must be an IPv4 or IPv6 address' })
      .optional()
      .meta({ description: 'The address that the request came from.' }),
    issued_after: moment.optional().meta({ description: 'Issued or denied after this time (ISO 8601, UTC).' }),
    issued_before,
    expires_after: moment.optional().meta({ description: 'Expires after this time (ISO 8601, UTC).' }),
    expires_before: moment.optional().meta({ description: 'Expires before this time (ISO 8601, UTC).' }),
    limit: z
      .int({ error: `must be a number from 1 to ${PAGE}` })
      .min(1, { error: `must be a number from 1 to ${PAGE}` })
      .max(PAGE, { error: `must be a number from 1 to ${PAGE}` })
      .default(50)
      .meta({ description: 'Maximum number of tokens in the response.' }),
    cursor: z
      .string()
      .min(1, { error: 'must not be empty' })
      .max(1024, { error: 'must be the next_cursor of a page' })
      .optional()
      .meta({ description: 'The `next_cursor` of the previous page. The other parameters must stay the same.' }),
  })
  .meta({
    id: 'TokenListRequest',
    description: 'Which tokens to list. A token must match every parameter that is given.',
  });
export type TokenListRequest = z.infer<typeof tokenListRequest>;

const time = z.iso.datetime();

/** A token as operators see it. Never contains the token itself. */
export const listedToken = z
  .object({
    token_id: tokenId,
    state: tokenState,
    subject: z.string().meta({ description: 'The workload: its ARN without the session, or its federated subject.' }),
    workload: z
      .string()
      .optional()
      .meta({ description: 'The running workload: the role session’s name, a pod or a run.' }),
    task: z.string().optional().meta({ description: 'The task that the token is for.' }),
    audience: z.string().meta({ description: 'The resource server that the token is for.' }),
    type: z.enum(['none', 'read', 'write', 'read-write']).meta({
      description:
        'What the token permits on any location. An action that counts as a write is `write`, any other `read`.',
    }),
    size: z
      .int()
      .nonnegative()
      .optional()
      .meta({ description: 'The size of the token in bytes; absent if no token was issued.' }),
    authorization_details: z
      .array(authorizationDetail)
      .meta({ description: 'What the token permits, or what was requested if it was denied.' }),
    role: z.string().optional().meta({ description: 'The role that was assumed or requested.' }),
    usage: z
      .string()
      .meta({ description: 'What the token is for, as text built from its type, audience, role, task and reason.' }),
    issuer: z.string().meta({ description: 'The service that issued the token.' }),
    issued_at: time.meta({ description: 'When the token was issued or denied.' }),
    lifetime: z.int().meta({ description: 'The granted or requested lifetime, in seconds.' }),
    expires_at: time.optional().meta({ description: 'When the token expires; absent if no token was issued.' }),
    source_ip: z.string().meta({ description: 'The address that the request came from.' }),
    reason: z.string().optional().meta({ description: 'Why the token was requested.' }),
    policies: z
      .array(z.string())
      .meta({ description: 'The policies that permitted the token, or that forbade it if it was denied.' }),
    policy_bundle: z.string().meta({ description: 'The hash of the policy bundle that decided.' }),
    denial: z.string().optional().meta({ description: 'Why the token was denied.' }),
    partially_indexed: z
      .literal(true)
      .optional()
      .meta({ description: 'Filters by `resource` and `policy` may miss this denial, which names too many to index.' }),
    failure: z.string().optional().meta({ description: 'Why the token was not delivered.' }),
    revoked_at: time.optional().meta({ description: 'When the token was revoked.' }),
    revoked_by: z
      .string()
      .optional()
      .meta({ description: 'The ARN of the caller who revoked it, or the source of the event.' }),
    revocation_reason: z.string().optional().meta({ description: 'Why the token was revoked.' }),
  })
  .meta({ id: 'ListedToken', description: 'A token: what it permits, to whom it was issued, and its state.' });
export type ListedToken = z.infer<typeof listedToken>;

/** The response of `GET /tokens`. */
export const tokenListResponse = z
  .object({
    tokens: z
      .array(listedToken)
      .meta({ description: 'Newest first. May be fewer than `limit`, or none, even if there is a next page.' }),
    next_cursor: z.string().optional().meta({ description: 'The `cursor` of the next page; absent on the last page.' }),
  })
  .meta({ id: 'TokenListResponse', description: 'A page of tokens.' });
export type TokenListResponse = z.infer<typeof tokenListResponse>;

const use = z.object({
  by: z.string().meta({ description: 'The resource server.' }),
  from: time.meta({ description: 'When it happened first.' }),
  to: time.meta({ description: 'When it happened last.' }),
  count: z.int().positive().meta({ description: 'How often it happened.' }),
});

/** The request of `GET /tokens/{id}`. */
export const tokenLifeRequest = z
  .strictObject({ id: tokenId })
  .meta({ id: 'TokenLifeRequest', description: 'The `jti` of the token, in the path.' });

/** The response of `GET /tokens/{id}`: the whole life of a token. */
export const tokenLifeResponse = listedToken
  .extend({
    account: z.string().meta({ description: 'The AWS account of the workload; empty for a federated workload.' }),
    claims: claims.optional(),
    chosen_claims: claims.optional().meta({
      description: 'The mapped claims that the federated workload chose itself. They decide nothing.',
    }),
    request_id: z.string().meta({ description: 'The id of the request, as in its response and in the logs.' }),
    requested: z
      .array(authorizationDetail)
      .optional()
      .meta({ description: 'What was requested, if the request allowed a partial grant.' }),
    conditions: z.array(z.string()).optional().meta({ description: 'The external authorizers that denied it.' }),
    refused_proof: refusedProof.optional(),
    policy_errors: z.array(z.string()).optional().meta({ description: 'The policies that could not be evaluated.' }),
    obligations: obligations.optional(),
    key_id: z.string().optional().meta({ description: 'The `kid` of the signing key.' }),
    status_list: z
      .object({ idx: z.int().nonnegative(), uri: z.string() })
      .optional()
      .meta({ description: 'The token’s status list and its index there.' }),
    failed_at: time.optional().meta({ description: 'When issuing failed.' }),
    revocation_id: z
      .string()
      .optional()
      .meta({ description: 'The revocation that selected the token, if there is one.' }),
    introspections: z.array(use.extend({ result: z.enum(['active', 'revoked']) })).meta({
      description: 'Introspections by resource servers, with their results.',
    }),
    uses: z
      .array(use.extend({ action, location: z.string(), outcome: z.enum(['allowed', 'refused']) }))
      .meta({ description: 'The uses that resource servers reported.' }),
    more: z
      .literal(true)
      .optional()
      .meta({ description: 'Some introspections or uses are not counted here. The archive has all of them.' }),
  })
  .meta({ id: 'TokenLife', description: 'A token’s request, decision, use, and expiry or revocation.' });
export type TokenLifeResponse = z.infer<typeof tokenLifeResponse>;

/** The request of `GET /tokens/summary`. It has no parameters. */
export const tokenSummaryRequest = z.strictObject({});

/** Maximum number of rows of each count in the summary. Rows with the most tokens come first. */
export const SUMMARY_ROWS = 1_000;

const counts = z.record(z.string(), z.int().positive());

/** The response of `GET /tokens/summary`. */
export const tokenSummaryResponse = z
  .object({
    time: time.meta({ description: 'When the tokens were counted.' }),
    active: z.int().nonnegative().meta({ description: 'The number of active tokens.' }),
    by_subject: counts.meta({
      description: `By subject: the ${SUMMARY_ROWS} with the most tokens, in descending order.`,
    }),
    by_audience: counts.meta({
      description: `By audience: the ${SUMMARY_ROWS} with the most tokens, in descending order.`,
    }),
    by_action: counts.meta({ description: 'By type: `read`, `write`, `read-write`.' }),
    by_hour: counts.meta({ description: 'By the hour of issue, as in `2026-11-22T09`.' }),
  })
  .meta({ id: 'TokenSummary', description: 'Counts of the active tokens.' });
export type TokenSummaryResponse = z.infer<typeof tokenSummaryResponse>;
