import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { OMITTED_WHEN_EMPTY, tokenRequest } from '@tvm/contract/token.ts';
import type { IssuingRules } from '@tvm/core/issuing/decision-record.ts';
import { type IssueTokenPorts, issueToken } from '@tvm/core/issuing/issue-token.ts';
import { apiHandler } from '../middleware/api-handler.ts';
import { answer, refuse } from '../runtime/answers.ts';
import { authenticated, readParameters } from '../runtime/api-request.ts';
import { logger, metrics } from '../runtime/observability.ts';
import { tokenResponseOf } from '../shared/issuing-ports.ts';

/**
 * `POST /token`: a workload, authenticated with SigV4, requests a token.
 *
 * Parses the request, lets the core decide and issue the token, and returns it. A denial is an OAuth error.
 */
export function tokenEndpoint(rules: IssuingRules, ports: IssueTokenPorts) {
  return apiHandler(async (event) => {
    const caller = authenticated(event);
    const request = readParameters(tokenRequest, event, OMITTED_WHEN_EMPTY);
    if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, caller.requestId);

    const outcome = await issueToken(request.value, caller, rules, ports);
    logger.info('token requested', { apiRequestId: caller.requestId, outcome: outcome.kind });
    if (outcome.kind !== 'issued') {
      if (outcome.kind === 'denied') metrics.addMetric('TokensDenied', MetricUnit.Count, 1);
      return refuse(outcome, caller.requestId);
    }
    metrics.addMetric('TokensIssued', MetricUnit.Count, 1);
    return answer(tokenResponseOf(outcome));
  });
}
