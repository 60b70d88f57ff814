import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { securityEventPollRequest } from '@tvm/contract/security-event-poll.ts';
import { type PollingReceivers, pollSecurityEvents } from '@tvm/core/security-events/poll-security-events.ts';
import type { PendingSecurityEvents } from '@tvm/core/security-events/ports.ts';
import { apiHandler } from '../middleware/api-handler.ts';
import { answer, refuse } from '../runtime/answers.ts';
import { authenticated, readParameters } from '../runtime/api-request.ts';
import { logger, metrics } from '../runtime/observability.ts';

/** `POST /security-events/poll` (RFC 8936): a receiver, authenticated with SigV4, polls its security event tokens. */
export function pollEndpoint(receivers: PollingReceivers, pending: PendingSecurityEvents) {
  return apiHandler(async (event) => {
    const { userArn, requestId } = authenticated(event);
    const request = readParameters(securityEventPollRequest, event);
    if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, requestId);

    const { ack, setErrs } = request.value;
    const outcome = await pollSecurityEvents(request.value, userArn, receivers, pending);
    if (outcome.kind === 'no_receiver') return refuse(outcome, requestId);
    const { receiver, response } = outcome;
    const refused = Object.entries(setErrs);
    for (const [jti, { err }] of refused) {
      // Only the code is logged, since the description is free text.
      logger.error('a security event was refused for good', { apiRequestId: requestId, receiver, jti, err });
    }
    metrics.addMetric('SecurityEventsRefusedByReceiver', MetricUnit.Count, refused.length);
    metrics.addMetric('SecurityEventsTransmitted', MetricUnit.Count, ack.length);
    const given = Object.keys(response.sets).length;
    logger.info('security events were polled', { apiRequestId: requestId, receiver, acknowledged: ack.length, given });
    return answer(response);
  });
}
