import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { listStatusLists, serveStatusList } from '@tvm/core/status-lists/serve-status-list.ts';
import { STATUS_LIST_TYPE } from '@tvm/core/status-lists/status-list.ts';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoStatusLists } from '../adapters/dynamo/status-lists.ts';
import { kmsVerificationKeys } from '../adapters/kms/verification-keys.ts';
import { openHandler } from '../middleware/open-handler.ts';
import { publicDocument, refuse } from '../runtime/answers.ts';
import { header } from '../runtime/api-request.ts';
import { readEnv } from '../runtime/read-env.ts';
import { serveStatusListEnv } from './env.ts';

const env = readEnv(serveStatusListEnv);
const rules = { ttl: env.STATUS_LIST_TTL };
const ports = { lists: dynamoStatusLists(new DynamoDBClient(clientSettings), env.STATUS_LIST_TABLE), clock: Date };
const keys = kmsVerificationKeys(new KMSClient(clientSettings), [env.STATUS_LIST_KEY_ARN]);

/**
 * `GET /status-lists/{list}`, `GET /status-lists` and `GET /.well-known/status-list-keys.json`, public: the status
 * lists, their URLs, and the key that verifies them. That key signs no tokens.
 */
export const handler = openHandler(async (event) => {
  if (event.resource.endsWith('/status-list-keys.json')) return publicDocument(await keys.jwks());
  if (event.resource.endsWith('/status-lists'))
    return publicDocument(await listStatusLists(env.ISSUER, ports), rules.ttl);
  return statusList(event);
});

async function statusList(event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
  const { requestId } = event.requestContext;
  if (event.multiValueQueryStringParameters?.time) return refuse({ kind: 'no_past_status_list' }, requestId);
  const list = event.pathParameters?.list ?? '';
  const served = await serveStatusList(list, header(event, 'if-none-match'), rules, ports);
  switch (served.kind) {
    case 'published':
    case 'unchanged': {
      const { etag, maxAge } = served;
      const caching = { etag, 'cache-control': `public, max-age=${maxAge}` };
      return served.kind === 'unchanged'
        ? { statusCode: 304, headers: caching, body: '' }
        : {
            statusCode: 200,
            headers: { ...caching, 'content-type': `application/${STATUS_LIST_TYPE}` },
            body: served.token,
          };
    }
    default:
      return refuse(served, requestId);
  }
}
