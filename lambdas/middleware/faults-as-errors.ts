import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { MiddlewareObj } from '@middy/core';
import { DependencyFault } from '@tvm/core/ports.ts';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { refuse } from '../runtime/answers.ts';
import { logger, metrics } from '../runtime/observability.ts';

/**
 * Responds with 503 if a dependency failed, and with 500 for any other error. The cause is logged, and never part of
 * the response.
 */
export function faultsAsErrors(): MiddlewareObj<APIGatewayProxyEvent, APIGatewayProxyResult> {
  return {
    onError(request) {
      const { error, event } = request;
      const { requestId } = event.requestContext;
      const kind = error instanceof DependencyFault ? 'unavailable' : 'fault';
      metrics.addMetric(kind === 'unavailable' ? 'DependencyFaults' : 'Faults', MetricUnit.Count, 1);
      if (isKmsThrottled(error)) metrics.addMetric('KmsThrottled', MetricUnit.Count, 1);
      logger.error('the request failed', { apiRequestId: requestId, error: error as Error });
      request.response = refuse({ kind }, requestId);
    },
  };
}

/**
 * Reports whether KMS throttled a call because the account's quota was exhausted. KMS itself has no metric for that.
 */
function isKmsThrottled(error: unknown): boolean {
  if (!(error instanceof DependencyFault) || error.dependency !== 'KMS') return false;
  // https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html
  return error.cause instanceof Error && error.cause.name === 'ThrottlingException';
}
