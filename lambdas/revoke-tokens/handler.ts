import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientSettings } from '../adapters/aws-call.ts';
import { readEnv } from '../runtime/read-env.ts';
import { revocationPorts } from '../shared/revocation-ports.ts';
import { revokeTokensEnv } from './env.ts';
import { revocationsEndpoint } from './revocations-endpoint.ts';

const env = readEnv(revokeTokensEnv);

/** `POST /revocations` and `GET /revocations/{revocation_id}`, wired to this deployment. */
export const handler = revocationsEndpoint(
  {
    blockFor: env.BLOCK_FOR,
    retention: env.RECORD_RETENTION,
    named: JSON.parse(readFileSync(new URL('named-targets.json', import.meta.url), 'utf8')),
  },
  revocationPorts(new DynamoDBClient(clientSettings), env),
);
