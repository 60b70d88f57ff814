import { randomUUID } from 'node:crypto';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { type RevocationResponse, revocationProgressRequest, revocationRequest } from '../../contract/revocation.ts';
import { progressOf, type Revoked, type RevokeTokensPorts, revokeTokens } from '../../core/revocation/revoke-tokens.ts';
import { answer, refuse } from '../answers.ts';
import { authenticated, readParameters, readQuery } from '../api-request.ts';
import { apiHandler } from '../middleware/api-handler.ts';
import { logger, metrics } from '../observability.ts';

/**
 * An operator, authenticated by SigV4, takes back whatever tokens are picked out: `POST /revocations`; and asks how far
 * that is: `GET /revocations/{revocation_id}`.
 *
 * @param rules.blockFor how long a subject that is revoked gets no new token, in seconds, where that is not said
 */
export function revocationsEndpoint(rules: { blockFor: number }, ports: RevokeTokensPorts) {
  async function post(event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
    const { userArn, requestId } = authenticated(event);
    const request = readParameters(revocationRequest, event);
    if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, requestId);

    const asking = { ...request.value, revocationId: randomUUID(), by: userArn, askedAt: ports.clock.now() };
    const revoked = await revokeTokens(asking, rules, ports);
    logger.info('tokens revoked', { apiRequestId: requestId, by: userArn, selector: asking.selector, ...revoked });
    // Those of an order are counted when it is completed.
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
