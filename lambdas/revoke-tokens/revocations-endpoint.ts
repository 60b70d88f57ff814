import { randomUUID } from 'node:crypto';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import {
  type RevocationDryRunResponse,
  type RevocationResponse,
  revocationProgressRequest,
  revocationRequest,
} from '@tvm/contract/revocation.ts';
import { countTokens } from '@tvm/core/revocation/requests/count-tokens.ts';
import {
  progressOf,
  type Revoked,
  type RevokeTokensPorts,
  revokeTokens,
} from '@tvm/core/revocation/requests/revoke-tokens.ts';
import { type UnknownTargetRules, unknownTarget } from '@tvm/core/revocation/requests/unknown-target.ts';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { apiHandler } from '../middleware/api-handler.ts';
import { answer, refuse } from '../runtime/answers.ts';
import { authenticated, readParameters, readQuery } from '../runtime/api-request.ts';
import { logger, metrics } from '../runtime/observability.ts';

export interface RevocationsRules extends UnknownTargetRules {
  blockFor: number;
}

/** Maximum time for counting tokens in a dry run, in milliseconds. */
const COUNTING = 5_000;

/** The wire names of selector properties whose wire name differs. */
const WIRE_NAMES = { tokenId: 'token_id', policyBundle: 'policy_bundle' } as const;

/**
 * Lets an operator, authenticated with SigV4, revoke the tokens that a selector matches (`POST /revocations`) and read
 * the progress of a revocation (`GET /revocations/{revocation_id}`).
 *
 * @param rules.blockFor how long a revoked subject is blocked if the request does not specify it, in seconds
 */
export function revocationsEndpoint(rules: RevocationsRules, ports: RevokeTokensPorts) {
  async function post(event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
    const { userArn, requestId } = authenticated(event);
    const request = readParameters(revocationRequest, event);
    if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, requestId);

    const { dryRun, ...requested } = request.value;
    const unknown = requested.allowUnknown ? undefined : await unknownTarget(requested.selector, rules, ports);
    if (unknown !== undefined) {
      const { member, problem } = unknown;
      const field = Object.hasOwn(WIRE_NAMES, member) ? WIRE_NAMES[member as keyof typeof WIRE_NAMES] : member;
      return refuse({ kind: 'unknown_target', field, problem }, requestId);
    }
    const revocation = { ...requested, revocationId: randomUUID(), by: userArn, requestedAt: ports.clock.now() };
    if (dryRun) {
      const { tokens, subjects, complete } = await countTokens(revocation, revocation.requestedAt + COUNTING, ports);
      const counted: RevocationDryRunResponse = {
        would_revoke: tokens,
        subjects,
        ...(!complete && { at_least: true }),
      };
      return answer(counted);
    }
    const revoked = await revokeTokens(revocation, rules, ports);
    logger.info('tokens revoked', { apiRequestId: requestId, by: userArn, selector: revocation.selector, ...revoked });
    // A revocation of several tokens is counted when it is completed.
    if (revoked.revocationId === undefined) metrics.addMetric('TokensRevoked', MetricUnit.Count, revoked.revoked);
    return answer(toWire(revoked));
  }

  async function get(event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
    const { requestId } = authenticated(event);
    const request = readQuery(revocationProgressRequest, event);
    if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, requestId);

    const order = await ports.orders.get(request.value.revocation_id);
    if (order === undefined) return refuse({ kind: 'not_found', what: 'revocation' }, requestId);
    return answer(toWire(progressOf(order)));
  }

  return apiHandler((event) => (event.httpMethod === 'GET' ? get(event) : post(event)));
}

function toWire({ revocationId, done, revoked, blockedUntil }: Revoked): RevocationResponse {
  return {
    ...(revocationId && { revocation_id: revocationId }),
    status: done ? 'done' : 'running',
    revoked,
    ...(blockedUntil !== undefined && { blocked_until: new Date(blockedUntil).toISOString() }),
  };
}
