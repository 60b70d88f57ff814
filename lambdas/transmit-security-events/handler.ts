import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { SQSClient } from '@aws-sdk/client-sqs';
import { clientSettings } from '../adapters/aws-call.ts';
import { pushSecurityEvent } from '../adapters/http/push-security-event.ts';
import { sqsDeadLetters } from '../adapters/sqs/dead-letters.ts';
import { logger, metrics } from '../runtime/observability.ts';
import { readEnv } from '../runtime/read-env.ts';
import { transmitToReceiver } from '../shared/transmit-to-receiver.ts';
import { transmitSecurityEventsEnv } from './env.ts';

const env = readEnv(transmitSecurityEventsEnv);
const deadLetters = sqsDeadLetters(new SQSClient(clientSettings), env.DEAD_LETTER_QUEUE_URL);

/**
 * Pushes security event tokens to a receiver.
 *
 * After a failure the same token is sent again. An event that the receiver refuses permanently moves to the dead-letter
 * queue immediately.
 */
export const handler = transmitToReceiver(env, async ({ set, named }, event) => {
  const pushed = await pushSecurityEvent(env.RECEIVER_URL, set);
  if (pushed.accepted) {
    metrics.addMetric('SecurityEventsTransmitted', MetricUnit.Count, 1);
    logger.info('a security event was accepted', named);
  } else {
    metrics.addMetric('SecurityEventsRefusedByReceiver', MetricUnit.Count, 1);
    logger.error('a security event was refused for good', { ...named, err: pushed.err });
    await deadLetters.put(event);
  }
});
