import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { limits } from '@tvm/contract/limits.ts';
import { SECURITY_EVENT_TYPE, type SecurityEventError } from '@tvm/contract/security-event.ts';
import {
  type ReceiveSecurityEventOutcome,
  type ReceiveSecurityEventPorts,
  type ReceivingRules,
  receiveSecurityEvent,
} from '@tvm/core/security-events/receive-security-event.ts';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { apiHandler } from '../middleware/api-handler.ts';
import { logger, metrics } from '../runtime/observability.ts';

/**
 * `POST /security-events`, without IAM authorization: a transmitter pushes a security event token (RFC 8935), whose
 * signature authenticates it.
 *
 * The response is 202 if the token is accepted, 400 with a reason if it is refused, and 503 after a failure, so that
 * the transmitter sends the token again.
 */
export function securityEventEndpoint(rules: ReceivingRules, ports: ReceiveSecurityEventPorts) {
  return apiHandler(async (event) => {
    const outcome = await receive(event, rules, ports);
    const { requestId } = event.requestContext;
    if (outcome.kind === 'refused') {
      const { err, problem } = outcome;
      logger.warn('a security event was refused', { apiRequestId: requestId, err, problem });
      metrics.addMetric('SecurityEventsRefused', MetricUnit.Count, 1);
      return refusal({ err, description: problem });
    }
    logger.info('a security event was accepted', { apiRequestId: requestId, outcome: outcome.kind });
    metrics.addMetric('SecurityEventsReceived', MetricUnit.Count, 1);
    return { statusCode: 202, headers: { 'cache-control': 'no-store' }, body: '' };
  });
}

async function receive(
  { headers, body, isBase64Encoded }: APIGatewayProxyEvent,
  rules: ReceivingRules,
  ports: ReceiveSecurityEventPorts,
): Promise<ReceiveSecurityEventOutcome> {
  const contentType = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  if (contentType?.split(';')[0]?.trim().toLowerCase() !== `application/${SECURITY_EVENT_TYPE}`) {
    return badRequest(`the content type must be application/${SECURITY_EVENT_TYPE}`);
  }
  const text = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  if (text.byteLength > limits.bodyBytes) return badRequest(`the body must have at most ${limits.bodyBytes} bytes`);
  return receiveSecurityEvent(text.toString().trim(), rules, ports);
}

function badRequest(problem: string): ReceiveSecurityEventOutcome {
  return { kind: 'refused', err: 'invalid_request', problem };
}

/** RFC 8935, section 2.3. */
function refusal(error: SecurityEventError): APIGatewayProxyResult {
  return {
    statusCode: 400,
    headers: { 'content-type': 'application/json', 'content-language': 'en', 'cache-control': 'no-store' },
    body: JSON.stringify(error),
  };
}
