import * as z from 'zod';
import { action, authorizationDetail } from './authorization-details.ts';
import { moment, selectorFields } from './selector.ts';
import { tokenId } from './text.ts';
import { obligations } from './token.ts';

/** The states that tokens are listed by. `active`: neither ended nor taken back; `denied`: there never was one. */
export const tokenState = z.enum(['active', 'expired', 'revoked', 'failed', 'denied'], {
  error: 'must be active, expired, revoked, failed or denied',
});
export type TokenState = z.infer<typeof tokenState>;

const { tokenId: _, policyBundle: policy_bundle, issuedBefore: issued_before, ...sameName } = selectorFields;

/** The most tokens on a page. */
export const PAGE = 100;

/** `GET /tokens`: which tokens to list, newest first. Of several members, all must hold. */
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
    issued_after: moment.optional().meta({ description: 'Vended, or denied, after this time (ISO 8601, UTC).' }),
    issued_before,
    expires_after: moment.optional().meta({ description: 'Ends after this time.' }),
    expires_before: moment.optional().meta({ description: 'Ends before this time.' }),
    limit: z
      .int({ error: `must be a number from 1 to ${PAGE}` })
      .min(1, { error: `must be a number from 1 to ${PAGE}` })
      .max(PAGE, { error: `must be a number from 1 to ${PAGE}` })
      .default(50)
      .meta({ description: 'The most tokens to list at once.' }),
    cursor: z
      .string()
      .min(1, { error: 'must not be empty' })
      .max(1024, { error: 'must be the next_cursor of a page' })
      .optional()
      .meta({ description: 'The `next_cursor` of the page before: goes on after it, with the same members.' }),
  })
  .meta({ id: 'TokenListRequest', description: 'Which tokens to list. Of several members, all must hold.' });
export type TokenListRequest = z.infer<typeof tokenListRequest>;

const time = z.iso.datetime();

/** A token, as whoever oversees them sees it: never the token itself. */
export const listedToken = z
  .object({
    token_id: tokenId,
    state: tokenState,
    subject: z.string().meta({ description: 'The workload’s ARN, without the session.' }),
    workload: z.string().optional().meta({ description: 'The role session’s name.' }),
    task: z.string().optional().meta({ description: 'The task that it is for.' }),
    audience: z.string().meta({ description: 'The resource server that it is for.' }),
    type: z.enum(['none', 'read', 'write', 'read-write']).meta({ description: 'All that it lets do somewhere.' }),
    size: z.int().nonnegative().optional().meta({ description: 'Of the token, in bytes; absent: there is none.' }),
    authorization_details: z.array(authorizationDetail).meta({ description: 'What it permits, or was asked for.' }),
    role: z.string().optional().meta({ description: 'The role that was taken, or asked for.' }),
    usage: z
      .string()
      .meta({ description: 'What it is for, in words: from its type, audience, role, task and reason.' }),
    issuer: z.string().meta({ description: 'The machine that vended it.' }),
    issued_at: time.meta({ description: 'When it was vended, or denied.' }),
    lifetime: z.int().meta({ description: 'Given, or asked for, in seconds.' }),
    expires_at: time.optional().meta({ description: 'When it ends; absent: there is none.' }),
    source_ip: z.string().meta({ description: 'The address that the request came from.' }),
    reason: z.string().optional().meta({ description: 'Why it was asked for.' }),
    policies: z.array(z.string()).meta({ description: 'The policies that permitted, or of a denial forbade, it.' }),
    policy_bundle: z.string().meta({ description: 'The hash of the policy bundle that decided.' }),
    denial: z.string().optional().meta({ description: 'Why it was denied.' }),
    partially_indexed: z
      .literal(true)
      .optional()
      .meta({ description: 'Filters by `resource` and `policy` may miss this denial: it names too many of them.' }),
    failure: z.string().optional().meta({ description: 'Why no token left.' }),
    revoked_at: time.optional().meta({ description: 'When it was taken back.' }),
    revoked_by: z.string().optional().meta({ description: 'The ARN of who took it back, or the source of the event.' }),
    revocation_reason: z.string().optional().meta({ description: 'Why it was taken back.' }),
  })
  .meta({ id: 'ListedToken', description: 'A token: what it may do, whose it is, and what became of it.' });
export type ListedToken = z.infer<typeof listedToken>;

/** `GET /tokens`, answered. */
export const tokenListResponse = z
  .object({
    tokens: z.array(listedToken).meta({ description: 'Newest first. May be fewer than asked for, even none.' }),
    next_cursor: z.string().optional().meta({ description: 'Goes on from here; absent: that was all.' }),
  })
  .meta({ id: 'TokenListResponse', description: 'A page of tokens.' });
export type TokenListResponse = z.infer<typeof tokenListResponse>;

const use = z.object({
  by: z.string().meta({ description: 'The resource server.' }),
  from: time.meta({ description: 'The first time.' }),
  to: time.meta({ description: 'The last time.' }),
  count: z.int().positive().meta({ description: 'How often.' }),
});

/** `GET /tokens/{id}`: which token. */
export const tokenLifeRequest = z
  .strictObject({ id: tokenId })
  .meta({ id: 'TokenLifeRequest', description: 'Which token, by its `jti`, in the path.' });

/** `GET /tokens/{id}`, answered: the whole life of a token. */
export const tokenLifeResponse = listedToken
  .extend({
    account: z.string().meta({ description: 'The AWS account of the workload.' }),
    request_id: z.string().meta({ description: 'The request’s id, as in its answer and in the logs.' }),
    requested: z
      .array(authorizationDetail)
      .optional()
      .meta({ description: 'What was asked for, where it was to be given in part.' }),
    conditions: z.array(z.string()).optional().meta({ description: 'The further conditions that refused.' }),
    policy_errors: z.array(z.string()).optional().meta({ description: 'The policies that could not be evaluated.' }),
    obligations: obligations.optional(),
    key_id: z.string().optional().meta({ description: 'The `kid` of the key that signs.' }),
    status_list: z
      .object({ idx: z.int().nonnegative(), uri: z.string() })
      .optional()
      .meta({ description: 'Its place in the status lists.' }),
    failed_at: time.optional().meta({ description: 'When it failed.' }),
    revocation_id: z.string().optional().meta({ description: 'The revocation that selected it, where one did.' }),
    introspections: z.array(use.extend({ result: z.enum(['active', 'revoked']) })).meta({
      description: 'Resource servers that asked whether it is active, and what they were told.',
    }),
    uses: z
      .array(use.extend({ action, location: z.string(), outcome: z.enum(['allowed', 'refused']) }))
      .meta({ description: 'What resource servers reported of its use.' }),
    more: z.literal(true).optional().meta({ description: 'There was more than is counted here: the archive has all.' }),
  })
  .meta({ id: 'TokenLife', description: 'A token’s request, decision, use and end.' });
export type TokenLifeResponse = z.infer<typeof tokenLifeResponse>;

/** `GET /tokens/summary`: it takes nothing. */
export const tokenSummaryRequest = z.strictObject({});

/** The most rows of each count of the summary: those with the most tokens. */
export const SUMMARY_ROWS = 1_000;

const counts = z.record(z.string(), z.int().positive());

/** `GET /tokens/summary`, answered. */
export const tokenSummaryResponse = z
  .object({
    time: time.meta({ description: 'When they were counted.' }),
    active: z.int().nonnegative().meta({ description: 'How many tokens are active.' }),
    by_subject: counts.meta({ description: `The ${SUMMARY_ROWS} with the most, the most first.` }),
    by_audience: counts.meta({ description: `The ${SUMMARY_ROWS} with the most, the most first.` }),
    by_action: counts.meta({ description: 'By type: `read`, `write`, `read-write`.' }),
    by_hour: counts.meta({ description: 'By the hour in which they were vended, as `2026-11-22T09`.' }),
  })
  .meta({ id: 'TokenSummary', description: 'The active tokens, counted.' });
export type TokenSummaryResponse = z.infer<typeof tokenSummaryResponse>;
