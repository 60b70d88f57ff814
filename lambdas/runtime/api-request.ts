import { type Parsed, parseParameters, parseQuery } from '@tvm/contract/parse-parameters.ts';
import { canonicalAddress } from '@tvm/core/identity/address.ts';
import type { Origin } from '@tvm/core/issuing/decision-record.ts';
import type { Authenticated } from '@tvm/core/issuing/issue-token.ts';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type * as z from 'zod';

/** Returns a header. API Gateway does not change the case of header names. @param name the name in lower case */
export function header(event: APIGatewayProxyEvent, name: string): string | undefined {
  return Object.entries(event.headers ?? {}).find(([own]) => own.toLowerCase() === name)?.[1];
}

/** Parses the parameters in a request's body. @param omittedWhenEmpty see `parseParameters` */
export function readParameters<S extends z.ZodType>(
  schema: S,
  event: APIGatewayProxyEvent,
  omittedWhenEmpty: readonly string[] = [],
): Parsed<z.infer<S>> {
  const contentType = header(event, 'content-type');
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString();
  return parseParameters(schema, contentType, body, omittedWhenEmpty);
}

/** Parses the path and query parameters of a request. A parameter that is in both is rejected as a duplicate. */
export function readQuery<S extends z.ZodType>(schema: S, event: APIGatewayProxyEvent): Parsed<z.infer<S>> {
  const given = Object.entries(event.multiValueQueryStringParameters ?? {});
  const inPath = Object.entries(event.pathParameters ?? {});
  return parseQuery(schema, [
    ...given.flatMap(([name, values = []]) => values.map((value) => [name, value] as const)),
    ...inPath.map(([name, value = '']) => [name, value] as const),
  ]);
}

/** A request with the AWS identity that API Gateway authenticated. */
type AuthenticatedByAws = Exclude<Authenticated, { federated: unknown }>;

/**
 * Returns the caller as API Gateway authenticated it with SigV4. Nothing is taken from a header.
 *
 * @throws if the route has no IAM authorization, or if the gateway provides no source address. Both are deployment
 *   mistakes, which must not open the service.
 */
export function authenticated(event: APIGatewayProxyEvent): AuthenticatedByAws {
  const { userArn, accountId, principalOrgId } = event.requestContext.identity;
  if (!userArn || !accountId) throw new Error('the request was not authenticated by IAM');
  return {
    userArn,
    account: accountId,
    ...(principalOrgId && { organization: principalOrgId }),
    ...originOf(event),
  };
}

/**
 * Returns the origin of a request, also of one that the gateway did not authenticate. Nothing is taken from a header.
 *
 * @throws if the gateway provides no source address
 */
export function originOf(event: APIGatewayProxyEvent): Origin {
  const { requestId, identity } = event.requestContext;
  const sourceIp = canonicalAddress(identity.sourceIp);
  if (sourceIp === undefined) throw new Error('API Gateway provided no IP address of the caller');
  // Private APIs provide the VPC endpoint of a request. The types lack it.
  const { vpceId } = identity as { vpceId?: string | null };
  return { sourceIp, ...(vpceId && { vpcEndpoint: vpceId }), requestId };
}
