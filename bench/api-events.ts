import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';

/** The ARN of the calling workload, as API Gateway reports it. */
export const WORKLOAD = 'arn:aws:sts::111122223333:assumed-role/orders-service/i-0123456789abcdef0';

/** The ARN of the same workload, as tokens name it. */
export const SUBJECT = 'arn:aws:iam::111122223333:role/orders-service';

/** A workload's request for one (action, location) pair. */
export const TOKEN_REQUEST = new URLSearchParams({
  grant_type: 'client_credentials',
  audience: 'orders-db',
  authorization_details: JSON.stringify([{ type: 'resource', locations: ['orders-db/orders'], actions: ['read'] }]),
}).toString();

/**
 * The event that API Gateway passes to a function: a signed POST with a form as its body, or a GET if there is no body.
 */
export function apiEvent(path: string, body: string | null, userArn = WORKLOAD): APIGatewayProxyEvent {
  const httpMethod = body === null ? 'GET' : 'POST';
  const headers = {
    Accept: '*/*',
    Authorization: `AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/20260101/eu-west-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
    'Content-Type': 'application/x-www-form-urlencoded',
    Host: 'tokens.example.com',
    'User-Agent': 'orders-service/1.0',
    'X-Amz-Date': '20260101T120000Z',
    'X-Amzn-Trace-Id': 'Root=1-00000000-000000000000000000000000',
    'X-Forwarded-For': '203.0.113.7',
    'X-Forwarded-Port': '443',
    'X-Forwarded-Proto': 'https',
  };
  return {
    resource: path,
    path,
    httpMethod,
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    stageVariables: null,
    body,
    isBase64Encoded: false,
    requestContext: {
      accountId: '111122223333',
      apiId: 'bench',
      authorizer: undefined,
      protocol: 'HTTP/1.1',
      httpMethod,
      path: `/v1${path}`,
      stage: 'v1',
      requestId: randomUUID(),
      requestTimeEpoch: Date.now(),
      resourceId: 'bench',
      resourcePath: path,
      identity: {
        accessKey: 'ASIAEXAMPLE',
        accountId: '111122223333',
        apiKey: null,
        apiKeyId: null,
        caller: 'AROAEXAMPLE:i-0123456789abcdef0',
        clientCert: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp: '203.0.113.7',
        user: 'AROAEXAMPLE:i-0123456789abcdef0',
        userAgent: 'orders-service/1.0',
        userArn,
      },
    },
  };
}

/** The context that Lambda passes to a function with each event. */
export function lambdaContext(): Context {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: 'bench',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:eu-west-1:111122223333:function:bench',
    memoryLimitInMB: '1024',
    awsRequestId: randomUUID(),
    logGroupName: 'bench',
    logStreamName: 'bench',
    getRemainingTimeInMillis: () => 10_000,
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}
