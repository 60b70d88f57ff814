import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { logger } from '../runtime/observability.ts';
import { faultsAsErrors } from './faults-as-errors.ts';
import { publishedMetrics } from './published-metrics.ts';

/** A Lambda handler for a route of the API: logs and metrics around it, and every fault becomes a plain answer. */
export function apiHandler(
  handle: (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>,
): (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult> {
  return middy<APIGatewayProxyEvent, APIGatewayProxyResult>()
    .use(injectLambdaContext(logger))
    .use(publishedMetrics())
    .use(faultsAsErrors())
    .handler(handle);
}
