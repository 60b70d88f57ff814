import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { logger } from '../runtime/observability.ts';
import { faultsAsErrors } from './faults-as-errors.ts';
import { publishedMetrics } from './published-metrics.ts';

/**
 * Creates a Lambda handler for an API route. It adds logs and metrics, and turns thrown errors into error responses.
 */
export function apiHandler(
  handle: (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>,
): (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult> {
  return middy<APIGatewayProxyEvent, APIGatewayProxyResult>()
    .use(injectLambdaContext(logger))
    .use(publishedMetrics())
    .use(faultsAsErrors())
    .handler(handle);
}
