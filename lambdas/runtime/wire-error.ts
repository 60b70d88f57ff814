import type { ErrorCode, ErrorResponse } from '@tvm/contract/errors.ts';
import type { BadRequest } from '@tvm/contract/parse-parameters.ts';
import type { IssueTokenOutcome } from '@tvm/core/issuing/issue-token.ts';
import type { RevokeOwnTokenOutcome } from '@tvm/core/revocation/revoke-own-token.ts';

/** Every way in which a request can end without what it asked for. */
export type Refusal =
  | { kind: 'bad_request'; bad: BadRequest }
  | Exclude<IssueTokenOutcome, { kind: 'issued' | 'bad_request' }>
  | Exclude<RevokeOwnTokenOutcome, { kind: 'revoked' }>
  | { kind: 'unsupported_identity' }
  | { kind: 'no_receiver' }
  /** What the caller names by its id: there is no such thing. */
  | { kind: 'not_found'; what: 'token' | 'revocation' | 'status list' | 'stream' }
  /** A verification request before the time of the next. @see RFC 9110, section 10.2.3, for `retryAfter` */
  | { kind: 'too_soon'; retryAfter: number }
  /** A revocation names nothing known. `problem` completes the field's name. */
  | { kind: 'unknown_target'; field: string; problem: string }
  /** A status list of some other time (draft-ietf-oauth-status-list-20, section 8.4). */
  | { kind: 'no_past_status_list' }
  | { kind: 'unavailable' }
  | { kind: 'fault' };

export interface WireError {
  status: 400 | 403 | 404 | 429 | 500 | 501 | 503;
  /** Seconds after which the caller may try again. */
  retryAfter?: number;
  body: Omit<ErrorResponse, 'request_id'>;
}

/**
 * What a caller is told: precise about its own mistakes, plain about policy and about our faults.
 * The audit and the logs are the precise ones there.
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
      return error(400, 'invalid_grant', 'the token was vended to another workload');
    case 'denied':
      switch (refusal.denial) {
        // Whether a role exists, and which condition refused, is for the audit.
        case 'policy':
        case 'role_unavailable':
        case 'further_condition':
          return error(403, 'access_denied', 'policy does not allow all that was asked for');
        case 'reason_missing':
          return error(400, 'invalid_request', 'reason must be given: policy asks for one here', 'reason');
        case 'unsupported_identity':
          return unsupportedIdentity();
        case 'subject_blocked':
          return error(403, 'access_denied', 'this workload gets no tokens for now: its operators have blocked it');
        case 'subject_revoked':
          return error(403, 'access_denied', 'the tokens of this workload were revoked while this one was asked for');
        default:
          return refusal.denial satisfies never;
      }
    case 'unsupported_identity':
      return unsupportedIdentity();
    case 'no_receiver':
      return error(403, 'access_denied', 'the caller is not configured as a receiver of security events that polls');
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
      return error(501, 'invalid_request', 'time is not supported: leave it out to get the status list of now', 'time');
    case 'unavailable':
      return {
        ...error(503, 'temporarily_unavailable', 'no token was vended or changed; try again shortly'),
        retryAfter: 2,
      };
    case 'fault':
      return error(500, 'server_error', 'the machine failed; its operator finds the cause under the request id');
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
