import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoPendingSecurityEvents } from '../adapters/dynamo/pending-security-events.ts';
import { logger } from '../runtime/observability.ts';
import { readEnv } from '../runtime/read-env.ts';
import { tellReceiver } from '../shared/tell-receiver.ts';
import { keepSecurityEventsEnv } from './env.ts';

const env = readEnv(keepSecurityEventsEnv);
const kept = dynamoPendingSecurityEvents(new DynamoDBClient(clientSettings), env.TABLE_NAME);

/** Tells a receiver of security events by keeping them until it asks for them. */
export const handler = tellReceiver(env, async ({ jti, set, named }) => {
  await kept.keep(env.RECEIVER, { jti, set });
  logger.info('a security event is kept until it is asked for', named);
});
