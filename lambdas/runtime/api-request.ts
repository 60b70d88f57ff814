import { type Parsed, parseParameters, parseQuery } from '@tvm/contract/parse-parameters.ts';
import { canonicalAddress } from '@tvm/core/identity/address.ts';
import type { Authenticated } from '@tvm/core/issuing/issue-token.ts';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type * as z from 'zod';

/** A header of a request; the gateway passes names as the caller wrote them. @param name in lower case */
export function header(event: APIGatewayProxyEvent, name: string): string | undefined {
  return Object.entries(event.headers ?? {}).find(([own]) => own.toLowerCase() === name)?.[1];
}

/** The parameters of a request, by their schema. @param omittedWhenEmpty as `parseParameters` has it */
export function readParameters<S extends z.ZodType>(
  schema: S,
  event: APIGatewayProxyEvent,
  omittedWhenEmpty: readonly string[] = [],
): Parsed<z.infer<S>> {
  const contentType = header(event, 'content-type');
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString();
  return parseParameters(schema, contentType, body, omittedWhenEmpty);
}

/** What a request's URL says, in its path and in its query: what is in the path cannot be said again in the query. */
export function readQuery<S extends z.ZodType>(schema: S, event: APIGatewayProxyEvent): Parsed<z.infer<S>> {
  const given = Object.entries(event.multiValueQueryStringParameters ?? {});
  const inPath = Object.entries(event.pathParameters ?? {});
  return parseQuery(schema, [
    ...given.flatMap(([name, values = []]) => values.map((value) => [name, value] as const)),
    ...inPath.map(([name, value = '']) => [name, value] as const),
  ]);
}

/**
 * Who asks, as API Gateway authenticated it by SigV4; never from a header.
 *
 * @throws when the route is not behind IAM authorization, or the gateway states no address: a deployment mistake, which
 *   must not open the service
 */
export function authenticated(event: APIGatewayProxyEvent): Authenticated {
  const { requestId, identity } = event.requestContext;
  if (!identity.userArn || !identity.accountId) throw new Error('the request was not authenticated by IAM');
  const sourceIp = canonicalAddress(identity.sourceIp);
  if (sourceIp === undefined) throw new Error('the gateway states no IP address of the caller');
  // A private API's gateway says which endpoint a request came through; the types do not know it.
  const { vpceId } = identity as { vpceId?: string | null };
  return {
    userArn: identity.userArn,
    account: identity.accountId,
    ...(identity.principalOrgId && { organization: identity.principalOrgId }),
    sourceIp,
    ...(vpceId && { vpcEndpoint: vpceId }),
    requestId,
  };
}
