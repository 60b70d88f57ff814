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

/** The options of an operator who invokes the function. The scheduler's events have none of them. */
const invocation = z.looseObject({ sealNow: z.boolean().optional() });

/**
 * Runs on a schedule some minutes after each hour, and signs a digest of the events archived in that hour. It also
 * makes up for missed hours.
 *
 * Invoked with `{"sealNow": true}`, the function also signs the events archived so far, for an operator who cannot wait
 * for the end of the hour.
 *
 * @returns the names of the new digests
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
