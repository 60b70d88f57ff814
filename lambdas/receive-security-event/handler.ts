import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CLOCKS_DIFFER, LONGEST_AGE } from '@tvm/core/security-events/verify-security-event.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoReceivedSecurityEvents } from '../adapters/dynamo/received-security-events.ts';
import { transmitterKeys } from '../adapters/http/transmitter-keys.ts';
import { readEnv } from '../runtime/read-env.ts';
import { revocationPorts } from '../shared/revocation-ports.ts';
import { receiveSecurityEventEnv } from './env.ts';
import { securityEventEndpoint } from './security-event-endpoint.ts';

const env = readEnv(receiveSecurityEventEnv);
const dynamo = new DynamoDBClient(clientSettings);
const transmitters = env.TRUSTED_TRANSMITTERS.map(
  ({ issuer, jwks_uri, audience }) => [issuer, { issuer, audience, keys: transmitterKeys(jwks_uri) }] as const,
);

/** `POST /security-events`, wired to the trusted transmitters of this deployment and to DynamoDB. */
export const handler = securityEventEndpoint(
  { issuer: env.ISSUER, transmitters: new Map(transmitters), blockFor: env.BLOCK_FOR },
  {
    ...revocationPorts(dynamo, env),
    // As long as a token can be accepted, including one whose time is ahead of our clock.
    received: dynamoReceivedSecurityEvents(dynamo, env.TABLE_NAME, LONGEST_AGE + 2 * CLOCKS_DIFFER),
  },
);
