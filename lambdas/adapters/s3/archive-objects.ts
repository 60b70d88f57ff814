import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { ArchiveObjects } from '@tvm/core/audit/archive/ports.ts';
import { awsCall } from '../aws-call.ts';

/**
 * Creates a client for the archive. Timeouts, in milliseconds, are long because objects have up to some megabytes and
 * no caller waits for them.
 */
export function archiveClient(): S3Client {
  return new S3Client({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
    // Path-style URLs work on AWS and in emulators, where bucket names do not resolve as host names.
    forcePathStyle: true,
  });
}

/** Archive objects in an S3 bucket. */
export function s3ArchiveObjects(s3: S3Client, Bucket: string): ArchiveObjects {
  return {
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    async putNew(Key, Body) {
      const ContentType = Key.endsWith('.jws') ? 'application/jose' : 'application/x-ndjson';
      const put = s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentType, IfNoneMatch: '*' })).then(
        () => true,
        (error: unknown) => {
          if (isExisting(error)) return false;
          throw error;
        },
      );
      return awsCall('S3', put);
    },

    async get(Key) {
      const got = s3.send(new GetObjectCommand({ Bucket, Key })).then(
        ({ Body }) => Body?.transformToByteArray(),
        (error: unknown) => {
          if (error instanceof NoSuchKey) return undefined;
          throw error;
        },
      );
      return awsCall('S3', got);
    },

    async *list(Prefix, StartAfter) {
      let ContinuationToken: string | undefined;
      do {
        const page: ListObjectsV2Command = new ListObjectsV2Command({ Bucket, Prefix, StartAfter, ContinuationToken });
        const { Contents = [], NextContinuationToken } = await awsCall('S3', s3.send(page));
        for (const { Key } of Contents) if (Key !== undefined) yield Key;
        ContinuationToken = NextContinuationToken;
      } while (ContinuationToken !== undefined);
    },
  };
}

/**
 * Reports whether an object with that key already exists. For concurrent writes S3 returns the status 409 instead,
 * which the caller retries.
 */
function isExisting(error: unknown): boolean {
  return error instanceof Error && error.name === 'PreconditionFailed';
}
