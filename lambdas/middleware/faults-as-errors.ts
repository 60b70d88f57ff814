import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { MiddlewareObj } from '@middy/core';
import { DependencyFault } from '@tvm/core/ports.ts';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { refuse } from '../runtime/answers.ts';
import { logger, metrics } from '../runtime/observability.ts';

/** Answers what was thrown: 503 for a dependency's fault, 500 for ours. The cause goes to the log alone. */
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

/** Whether KMS refused a call because the account's quota was exhausted. KMS has no metric of its own for that. */
function isKmsThrottled(error: unknown): boolean {
  if (!(error instanceof DependencyFault) || error.dependency !== 'KMS') return false;
  // https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html
  return error.cause instanceof Error && error.cause.name === 'ThrottlingException';
}
