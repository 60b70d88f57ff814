import type { APIGatewayProxyEvent } from 'aws-lambda';
import type * as z from 'zod';
import { type Parsed, parseParameters } from '../contract/parse-parameters.ts';
import type { Authenticated } from '../core/issue-token.ts';

/** The parameters of a request, by their schema. */
export function readParameters<S extends z.ZodType>(schema: S, event: APIGatewayProxyEvent): Parsed<z.infer<S>> {
  const contentType = Object.entries(event.headers ?? {}).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString();
  return parseParameters(schema, contentType, body);
}

/**
 * Who asks, as API Gateway authenticated it by SigV4; never from a header.
 *
 * @throws when the route is not behind IAM authorization: a deployment mistake, which must not open the machine
 */
export function authenticated(event: APIGatewayProxyEvent): Authenticated {
  const { requestId, identity } = event.requestContext;
  if (!identity.userArn || !identity.accountId) throw new Error('the request was not authenticated by IAM');
  // A private API's gateway says which endpoint a request came through; the types do not know it.
  const { vpceId } = identity as { vpceId?: string | null };
  return {
    userArn: identity.userArn,
    account: identity.accountId,
    ...(identity.principalOrgId && { organization: identity.principalOrgId }),
    sourceIp: identity.sourceIp,
    ...(vpceId && { vpcEndpoint: vpceId }),
    requestId,
  };
}
