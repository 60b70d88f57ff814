import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type auditEvents, tokenRevoked } from '@tvm/contract/events.ts';
import { renewStatusLists, updateStatusLists } from '@tvm/core/status-lists/update-status-lists.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoStatusLists } from '../adapters/dynamo/status-lists.ts';
import { kmsSigner } from '../adapters/kms/signer.ts';
import { sqsRetries } from '../adapters/sqs/retries.ts';
import { queueHandler } from '../middleware/queue-handler.ts';
import { logger, metrics } from '../runtime/observability.ts';
import { readEnv } from '../runtime/read-env.ts';
import { updateStatusListsEnv } from './env.ts';

const env = readEnv(updateStatusListsEnv);
const rules = {
  issuer: env.ISSUER,
  size: env.STATUS_LIST_SIZE,
  ttl: env.STATUS_LIST_TTL,
  validity: env.STATUS_LIST_VALIDITY,
};
const ports = {
  lists: dynamoStatusLists(new DynamoDBClient(clientSettings), env.STATUS_LIST_TABLE),
  signer: kmsSigner(new KMSClient(clientSettings), env.STATUS_LIST_KEY_ARN),
  clock: Date,
};

const REVOKED: keyof typeof auditEvents = 'Token Revoked';
const revocation = tokenRevoked.pick({ statusList: true, revokedAt: true });

/**
 * Handles a queue of `Token Revoked` events: marks the tokens in their status lists, and signs and publishes the lists
 * again. Every minute, and when a list gets its first token, it also renews lists that expire soon and publishes the
 * next list.
 *
 * Failed messages are delivered again; the updates are idempotent.
 */
export const handler = queueHandler(
  async (batch) => {
    const revocations = batch
      .filter(({ event }) => event['detail-type'] === REVOKED)
      .map(({ event, messageId }) => ({ messageId, detail: revocation.safeParse(event.detail) }));
    const revoked = revocations.flatMap(({ detail }) => detail.data ?? []);

    const updated = await updateStatusLists(
      revoked.map(({ statusList }) => statusList),
      rules,
      ports,
    );
    const renewed =
      revocations.length < batch.length ? await renewStatusLists(rules, ports) : { published: 0, retired: 0 };

    if (revoked.length > 0) {
      const first = Math.min(...revoked.map(({ revokedAt }) => Date.parse(revokedAt)));
      metrics.addMetric('StatusListDelay', MetricUnit.Milliseconds, Date.now() - first);
    }
    if (updated + renewed.published + renewed.retired > 0) {
      logger.info('status lists changed', { revoked: revoked.length, updated, ...renewed });
    }
    const malformed = revocations.filter(({ detail }) => !detail.success).map(({ messageId }) => messageId);
    if (malformed.length > 0) logger.error('events do not match Token Revoked', { malformed });
    return malformed;
  },
  sqsRetries(new SQSClient(clientSettings)),
);
