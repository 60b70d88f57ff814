import { MetricUnit } from '@aws-lambda-powertools/metrics';
import {
  FEDERATED_OMITTED_WHEN_EMPTY,
  type FederatedTokenResponse,
  federatedTokenRequest,
  TOKEN_TYPES,
} from '@tvm/contract/federation.ts';
import type { IssuingRules } from '@tvm/core/issuing/decision-record.ts';
import { type ExchangeTokenPorts, exchangeToken } from '@tvm/core/issuing/exchange-token.ts';
import { apiHandler } from '../middleware/api-handler.ts';
import { answer, refuse } from '../runtime/answers.ts';
import { originOf, readParameters } from '../runtime/api-request.ts';
import { logger, metrics } from '../runtime/observability.ts';
import { tokenResponseOf } from '../shared/issuing-ports.ts';

/**
 * `POST /federation/token`, without IAM authorization: a workload requests a token with a proof of another issuer, which
 * authenticates it.
 */
export function exchangeEndpoint(rules: IssuingRules, ports: ExchangeTokenPorts) {
  return apiHandler(async (event) => {
    const origin = originOf(event);
    const apiRequestId = origin.requestId;
    const request = readParameters(federatedTokenRequest, event, FEDERATED_OMITTED_WHEN_EMPTY);
    if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, apiRequestId);

    const outcome = await exchangeToken(request.value, origin, rules, ports);
    logger.info('token requested with a proof', { apiRequestId, outcome: outcome.kind });
    if (outcome.kind !== 'issued') {
      if (outcome.kind === 'denied') metrics.addMetric('TokensDenied', MetricUnit.Count, 1);
      if (outcome.kind === 'proof_refused') metrics.addMetric('ProofsRefused', MetricUnit.Count, 1);
      return refuse(outcome, apiRequestId);
    }
    metrics.addMetric('TokensIssued', MetricUnit.Count, 1);
    const { requested_token_type: type = TOKEN_TYPES.accessToken } = request.value;
    return answer({ ...tokenResponseOf(outcome), issued_token_type: type } satisfies FederatedTokenResponse);
  });
}
