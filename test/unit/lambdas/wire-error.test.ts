import { errorResponse } from '@tvm/contract/errors.ts';
import { expect, it } from 'vitest';
import { type Refusal, wireError } from '#lambdas/runtime/wire-error.ts';

it.each<[Refusal, number, string]>([
  [{ kind: 'bad_request', bad: { problem: 'the body must be a JSON object' } }, 400, 'invalid_request'],
  [{ kind: 'bad_request', bad: { field: 'grant_type', problem: 'must be x' } }, 400, 'unsupported_grant_type'],
  [{ kind: 'bad_request', bad: { field: 'audience', problem: 'must be x' } }, 400, 'invalid_target'],
  [{ kind: 'bad_request', bad: { field: 'resource', problem: 'must be x' } }, 400, 'invalid_target'],
  [
    { kind: 'bad_request', bad: { field: 'authorization_details[0].actions', problem: 'must be x' } },
    400,
    'invalid_authorization_details',
  ],
  [{ kind: 'bad_request', bad: { field: 'scope', problem: 'must be x' } }, 400, 'invalid_scope'],
  [{ kind: 'not_own_token' }, 400, 'invalid_grant'],
  [{ kind: 'denied', denial: 'policy', tokenId: 'x' }, 403, 'access_denied'],
  [{ kind: 'denied', denial: 'role_unavailable', tokenId: 'x' }, 403, 'access_denied'],
  [{ kind: 'denied', denial: 'further_condition', tokenId: 'x' }, 403, 'access_denied'],
  [{ kind: 'denied', denial: 'reason_missing', tokenId: 'x' }, 400, 'invalid_request'],
  [{ kind: 'denied', denial: 'unsupported_identity', tokenId: 'x' }, 403, 'access_denied'],
  [{ kind: 'denied', denial: 'subject_revoked', tokenId: 'x' }, 403, 'access_denied'],
  [{ kind: 'denied', denial: 'subject_blocked', tokenId: 'x' }, 403, 'access_denied'],
  [{ kind: 'not_found', what: 'token' }, 404, 'not_found'],
  [{ kind: 'not_found', what: 'stream' }, 404, 'not_found'],
  [{ kind: 'too_soon', retryAfter: 48 }, 429, 'temporarily_unavailable'],
  [{ kind: 'no_past_status_list' }, 501, 'invalid_request'],
  [{ kind: 'unavailable' }, 503, 'temporarily_unavailable'],
  [{ kind: 'fault' }, 500, 'server_error'],
])('%j is %d %s', (refusal, status, code) => {
  const { status: actual, body } = wireError(refusal);
  expect([actual, body.error]).toEqual([status, code]);
  expect(errorResponse.parse({ ...body, request_id: 'r' }).error_description).toMatch(
    /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/,
  );
});

it('names the field in the description and as a property', () => {
  const { body } = wireError({
    kind: 'bad_request',
    bad: { field: 'expires_in', problem: 'must be greater than zero' },
  });
  expect(body).toMatchObject({ error_description: 'expires_in must be greater than zero', field: 'expires_in' });
});
