import type { ErrorCode, ErrorResponse } from '@tvm/contract/errors.ts';
import type { BadRequest } from '@tvm/contract/parse-parameters.ts';
import type { ExchangeTokenOutcome } from '@tvm/core/issuing/exchange-token.ts';
import type { IssueTokenOutcome } from '@tvm/core/issuing/issue-token.ts';
import type { RevokeOwnTokenOutcome } from '@tvm/core/revocation/revoke-own-token.ts';

/** All reasons to refuse or fail a request. */
export type Refusal =
  | { kind: 'bad_request'; bad: BadRequest }
  | Exclude<IssueTokenOutcome | ExchangeTokenOutcome, { kind: 'issued' | 'bad_request' }>
  | Exclude<RevokeOwnTokenOutcome, { kind: 'revoked' }>
  | { kind: 'unsupported_identity' }
  | { kind: 'no_receiver' }
  /** Nothing has the id in the request. */
  | { kind: 'not_found'; what: 'token' | 'revocation' | 'status list' | 'stream' }
  /** A verification request too soon after the last one. @see RFC 9110, section 10.2.3, for `retryAfter` */
  | { kind: 'too_soon'; retryAfter: number }
  /** A revocation names an unknown target. `field` followed by `problem` is a sentence. */
  | { kind: 'unknown_target'; field: string; problem: string }
  /** A request for a historical status list (draft-ietf-oauth-status-list-20, section 8.4). */
  | { kind: 'no_past_status_list' }
  | { kind: 'unavailable' }
  | { kind: 'fault' };

export interface WireError {
  status: 400 | 401 | 403 | 404 | 429 | 500 | 501 | 503;
  /** How long the caller should wait before it tries again, in seconds. */
  retryAfter?: number;
  body: Omit<ErrorResponse, 'request_id'>;
}

/**
 * Returns the error that the caller sees. It is precise about the caller's own mistakes. It reveals nothing about
 * policy or internal failures; the audit events and the logs have those details.
 */
export function wireError(refusal: Refusal): WireError {
  switch (refusal.kind) {
    case 'bad_request': {
      const { field, problem, malformed } = refusal.bad;
      return error(
        400,
        malformed ? 'invalid_request' : codeOf(field),
        field === undefined ? problem : `${field} ${problem}`,
        field,
      );
    }
    case 'not_own_token':
      return error(400, 'invalid_grant', 'the token was issued to another workload');
    case 'denied':
      switch (refusal.denial) {
        // Only the audit records whether a role exists, and which external authorizer denied.
        case 'policy':
        case 'role_unavailable':
        case 'further_condition':
          return error(403, 'access_denied', 'policy does not allow everything that was requested');
        case 'reason_missing':
          return error(400, 'invalid_request', 'reason is required by policy for this request', 'reason');
        case 'unsupported_identity':
          return unsupportedIdentity();
        case 'subject_blocked':
          return error(403, 'access_denied', 'this workload is blocked and cannot get tokens for now');
        case 'subject_revoked':
          return error(403, 'access_denied', 'the tokens of this workload were revoked during this request');
        default:
          return refusal.denial satisfies never;
      }
    case 'proof_unusable':
      return error(400, 'invalid_request', refusal.problem);
    case 'proof_refused':
      // RFC 8693, section 2.2.2; RFC 7523, section 3.2.
      return refusal.parameter === 'client_assertion'
        ? error(401, 'invalid_client', refusal.problem, refusal.parameter)
        : error(400, 'invalid_request', refusal.problem, refusal.parameter);
    case 'unsupported_identity':
      return unsupportedIdentity();
    case 'no_receiver':
      return error(403, 'access_denied', 'the caller is not configured as a polling receiver of security events');
    case 'not_found':
      return error(404, 'not_found', `there is no ${refusal.what} with this id`);
    case 'unknown_target':
      return error(404, 'unknown_target', `${refusal.field} ${refusal.problem}`, refusal.field);
    case 'too_soon':
      return {
        ...error(
          429,
          'temporarily_unavailable',
          'a verification event was requested already; wait for the next period',
        ),
        retryAfter: refusal.retryAfter,
      };
    case 'no_past_status_list':
      return error(501, 'invalid_request', 'time is not supported: omit it to get the current status list', 'time');
    case 'unavailable':
      return {
        ...error(503, 'temporarily_unavailable', 'no token was issued or changed; try again shortly'),
        retryAfter: 2,
      };
    case 'fault':
      return error(500, 'server_error', 'internal error; the logs have the cause under the request id');
    default:
      return refusal satisfies never;
  }
}

function unsupportedIdentity(): WireError {
  return error(403, 'access_denied', 'the caller must be an IAM role or an IAM user');
}

function codeOf(field: string | undefined): ErrorCode {
  const parameter = field?.split(/[.[]/)[0];
  if (parameter === 'grant_type') return 'unsupported_grant_type';
  if (parameter === 'authorization_details') return 'invalid_authorization_details';
  if (parameter === 'scope') return 'invalid_scope';
  if (parameter === 'audience' || parameter === 'resource') return 'invalid_target';
  return 'invalid_request';
}

function error(status: WireError['status'], code: ErrorCode, description: string, field?: string): WireError {
  return { status, body: { error: code, error_description: description, ...(field && { field }) } };
}
