import type { SecurityEventReceiver } from '@tvm/contract/security-event.ts';
import {
  streamConfigurationRequest,
  streamStatusRequest,
  verificationRequest,
} from '@tvm/contract/security-event-stream.ts';
import {
  type ByPrincipal,
  requestVerification,
  streamConfiguration,
  streamStatus,
} from '@tvm/core/security-events/receiver-streams.ts';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { apiHandler } from '../middleware/api-handler.ts';
import { answer, noContent, refuse } from '../runtime/answers.ts';
import { authenticated, readParameters, readQuery } from '../runtime/api-request.ts';
import { logger } from '../runtime/observability.ts';

type Receivers = ByPrincipal<SecurityEventReceiver>;
type Ports = Parameters<typeof requestVerification>[3];

/**
 * Lets a receiver, authenticated with SigV4, read its stream and request verification events (SSF 1.0, section 8.1).
 */
export function streamsEndpoint(receivers: Receivers, issuer: string, ports: Ports) {
  return apiHandler(async (event) => {
    switch (event.resource) {
      case '/security-events/streams':
        return configuration(event, receivers, issuer);
      case '/security-events/status':
        return status(event, receivers);
      default:
        return verification(event, receivers, ports);
    }
  });
}

/** `GET /security-events/streams` */
function configuration(event: APIGatewayProxyEvent, receivers: Receivers, issuer: string): APIGatewayProxyResult {
  const { userArn, requestId } = authenticated(event);
  const request = readQuery(streamConfigurationRequest, event);
  if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, requestId);
  const outcome = streamConfiguration(request.value.stream_id, userArn, receivers, issuer);
  return outcome.kind === 'known' ? answer(outcome.configuration) : refuse(outcome, requestId);
}

/** `GET /security-events/status` */
function status(event: APIGatewayProxyEvent, receivers: Receivers): APIGatewayProxyResult {
  const { userArn, requestId } = authenticated(event);
  const request = readQuery(streamStatusRequest, event);
  if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, requestId);
  const outcome = streamStatus(request.value.stream_id, userArn, receivers);
  return outcome.kind === 'known' ? answer(outcome.status) : refuse(outcome, requestId);
}

/** `POST /security-events/verification` */
async function verification(
  event: APIGatewayProxyEvent,
  receivers: Receivers,
  ports: Ports,
): Promise<APIGatewayProxyResult> {
  const { userArn, requestId } = authenticated(event);
  const request = readParameters(verificationRequest, event);
  if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, requestId);
  const outcome = await requestVerification(request.value, userArn, receivers, ports);
  if (outcome.kind !== 'requested') return refuse(outcome, requestId);
  logger.info('a verification event was requested', { apiRequestId: requestId, receiver: request.value.stream_id });
  return noContent();
}
