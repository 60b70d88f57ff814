import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoPendingSecurityEvents } from '../adapters/dynamo/pending-security-events.ts';
import { logger } from '../runtime/observability.ts';
import { readEnv } from '../runtime/read-env.ts';
import { transmitToReceiver } from '../shared/transmit-to-receiver.ts';
import { keepSecurityEventsEnv } from './env.ts';

const env = readEnv(keepSecurityEventsEnv);
const pending = dynamoPendingSecurityEvents(new DynamoDBClient(clientSettings), env.TABLE_NAME);

/** Stores the security event tokens of a receiver until the receiver polls them. */
export const handler = transmitToReceiver(env, async ({ jti, set, named }) => {
  await pending.keep(env.RECEIVER, { jti, set });
  logger.info('a security event was stored for polling', named);
});
