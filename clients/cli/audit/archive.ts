import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SKEW } from '@tvm/core/audit/archive/names.ts';
import type { ArchiveReader } from '@tvm/core/audit/archive/ports.ts';
import { Failure, usageFailure } from '@tvm/terminal/failure.ts';
import { resolveCredentials } from '../connection/credentials.ts';
import { exitCodes } from '../connection/failure.ts';
import type { GlobalOptions } from '../connection/global-options.ts';
import { resolveRegion } from '../connection/settings.ts';

/**
 * Opens an archive: a bucket, or a directory with a copy.
 *
 * Objects that are written after this call are not listed. Reading a large archive takes long, and such objects would
 * look as if they were dated in the future.
 *
 * @param location `s3://bucket`, or a directory such as `archive/`
 * @throws {Failure} if the archive does not exist, or there are no credentials to read it
 */
export async function openArchive(location: string, options: GlobalOptions, env = process.env): Promise<ArchiveReader> {
  if (!location.startsWith('s3://')) return directoryArchive(location);
  const [, bucket] = /^s3:\/\/([a-z0-9.-]{3,63})\/?$/.exec(location) ?? [];
  if (bucket === undefined) throw usageFailure('--archive must be a directory, or a bucket as s3://name', '--archive');
  const region = await resolveRegion(options, undefined, env);
  const credentials = await resolveCredentials(options.profile, region, env);
  // Imported only here, because loading the SDK would slow down every other command.
  const { GetObjectCommand, NoSuchKey, paginateListObjectsV2, S3Client } = await import('@aws-sdk/client-s3');
  // A custom endpoint needs path-style requests, because bucket names are not host names there.
  const forcePathStyle = Boolean(env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL);
  const client = new S3Client({ region, credentials, forcePathStyle });
  const until = Date.now() + SKEW;
  return {
    async get(Key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
        return await Body?.transformToByteArray();
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw unreadable(location, error);
      }
    },
    async *list(Prefix, StartAfter) {
      try {
        for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix, StartAfter })) {
          for (const { Key, LastModified } of page.Contents ?? []) {
            if (Key !== undefined && Number(LastModified ?? 0) <= until) yield Key;
          }
        }
      } catch (error) {
        throw unreadable(location, error);
      }
    },
  };
}

/** Opens a copy of an archive, as made by `aws s3 sync`. */
async function directoryArchive(directory: string): Promise<ArchiveReader> {
  const found = await stat(directory).catch(() => undefined);
  if (!found?.isDirectory()) throw usageFailure(`${JSON.stringify(directory)} is not a directory`, '--archive');
  async function* walk(folder: string): AsyncGenerator<string> {
    const entries = await orNone(readdir(join(directory, folder), { withFileTypes: true }));
    const names = (entries ?? []).map((entry) => folder + entry.name + (entry.isDirectory() ? '/' : ''));
    // The order of S3: by the whole name, in which a folder ends with a slash.
    for (const name of names.sort()) {
      if (name.endsWith('/')) yield* walk(name);
      else yield name;
    }
  }
  return {
    get: (key) => orNone(readFile(join(directory, key))),
    async *list(prefix, after = '') {
      for await (const key of walk(prefix)) if (key > after) yield key;
    },
  };
}

/** Returns the result of a file system call, or `undefined` if the file does not exist. */
async function orNone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  }
}

function unreadable(location: string, error: unknown): Failure {
  const why = error instanceof Error ? error.name : 'unknown';
  if (why === 'AccessDenied') {
    const needed = 's3:ListBucket, s3:GetObject and kms:Decrypt';
    const sentence = `your AWS identity is not allowed to read ${location}: it needs ${needed}`;
    return new Failure(sentence, { code: 'access_denied', exitCode: exitCodes.denied, refused: true });
  }
  return new Failure(`${location} cannot be read (${why})`, { code: 'unreadable', exitCode: exitCodes.fault });
}
