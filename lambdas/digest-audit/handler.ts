import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { KMSClient } from '@aws-sdk/client-kms';
import middy from '@middy/core';
import { makeDigests } from '@tvm/core/audit/archive/make-digests.ts';
import * as z from 'zod';
import { clientSettings } from '../adapters/aws-call.ts';
import { kmsSigner } from '../adapters/kms/signer.ts';
import { kmsVerificationKeys } from '../adapters/kms/verification-keys.ts';
import { archiveClient, s3ArchiveObjects } from '../adapters/s3/archive-objects.ts';
import { publishedMetrics } from '../middleware/published-metrics.ts';
import { logger, metrics } from '../runtime/observability.ts';
import { readEnv } from '../runtime/read-env.ts';
import { digestAuditEnv } from './env.ts';

const env = readEnv(digestAuditEnv);
const kms = new KMSClient(clientSettings);
const ports = {
  objects: s3ArchiveObjects(archiveClient(), env.ARCHIVE_BUCKET),
  signer: kmsSigner(kms, env.AUDIT_KEY_ARN),
  keys: kmsVerificationKeys(kms, [env.AUDIT_KEY_ARN]),
};

/** What an operator who invokes it may say. The clock's events say nothing of it. */
const invocation = z.looseObject({ sealNow: z.boolean().optional() });

/**
 * Some minutes after each hour, by the clock: signs what was archived in it. Hours that were missed are made up for.
 *
 * Invoked with `{"sealNow": true}` it signs what was archived until now as well, for whoever cannot wait for the hour.
 *
 * @returns the names of the digests it made
 */
export const handler = middy<unknown, { digests: string[] }>()
  .use(injectLambdaContext(logger))
  .use(publishedMetrics())
  .handler(async (event) => {
    const { sealNow = false } = invocation.parse(event);
    const digests = await makeDigests({ now: Date.now(), sealNow }, ports);
    metrics.addMetric('AuditDigestsMade', MetricUnit.Count, digests.length);
    return { digests };
  });
