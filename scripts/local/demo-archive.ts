import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import type { StackOutputs } from '../emulators/bridges.ts';
import type { Target } from '../emulators/target.ts';
import { localDir, node24, root, shown } from '../tools/paths.mjs';
import { expect } from './demo-checks.ts';
import { bold, dim, good, line, refused, step } from './terminal.ts';

const PATIENCE = 60_000;

/** Shows that the archive has a token's life, and that it tells when somebody changes a byte of it. */
export async function proveArchive(target: Target, outputs: StackOutputs, tokenId: string): Promise<void> {
  step(7, 'The archive proves what happened');
  const archive = `s3://${outputs.AuditArchiveBucket}`;
  const tvm = tvmOf(target, outputs.Issuer);
  const life = await archived(tvm, archive, tokenId);
  good(`tvm audit query --token-id ${tokenId} ${dim('(Object Lock, one object a batch)')}`);
  for (const { time, detailType, class: objectClass } of life) {
    line(` ${dim(time.slice(11, 23))}  ${detailType}${objectClass === 'pending' ? dim(' [pending]') : ''}`);
  }

  // By itself it does so each hour.
  const seal = { FunctionName: outputs.AuditDigestFunction, Payload: JSON.stringify({ sealNow: true }) };
  await new LambdaClient(target).send(new InvokeCommand(seal));
  const keys = path.join(localDir, 'audit-keys.json');
  const keyFile = await tvm(['audit', 'keys', '--archive', archive]);
  expect(keyFile.code === 0, `\`tvm audit keys\` ended with ${keyFile.code}: ${keyFile.output}`);
  writeFileSync(keys, keyFile.output);
  good(`tvm audit keys > ${shown(keys)}: the public key, and which digest is the first`);
  const verify = (place: string) => tvm(['audit', 'verify', '--archive', place, '--keys', keys]);
  const proven = await verify(archive);
  expect(proven.code === 0, `\`tvm audit verify\` ended with ${proven.code}: ${proven.output}`);
  good('tvm audit verify: each record is as it was archived, by digests that KMS signed');

  const copy = path.join(localDir, 'archive-copy');
  await download(target, outputs.AuditArchiveBucket, copy);
  const changed = changeOneByte(copy, tokenId);
  line(`a copy of it in ${shown(copy)}, in which one byte is changed: ${bold(changed)}`);
  const caught = await verify(copy);
  expect(caught.code !== 0, 'the changed byte was not caught');
  refused(`tvm audit verify --archive ${shown(copy)} --keys ${shown(keys)}`);
  for (const text of caught.output.trim().split('\n').slice(0, 4)) line(` ${text}`);
}

interface Kept {
  time: string;
  detailType: string;
  class: 'vouched' | 'pending';
}

/** Waits until the archive has a token's life. @returns its events, in order */
async function archived(tvm: Tvm, archive: string, tokenId: string): Promise<Kept[]> {
  for (const deadline = Date.now() + PATIENCE; ; await sleep(200)) {
    const args = ['audit', 'query', '--archive', archive, '--token-id', tokenId, '--output', 'json'];
    const { code, output } = await tvm(args);
    const events: Kept[] = output
      .split('\n')
      .filter((text) => text.startsWith('{'))
      .map((text) => JSON.parse(text));
    if (code === 0 && events.some(({ detailType }) => detailType === 'Token Revoked')) {
      return events.sort((a, b) => a.time.localeCompare(b.time));
    }
    expect(Date.now() < deadline, `the archive does not have the token’s revocation: ${output}`);
  }
}

/** Runs the command `tvm`. @returns its exit code, and what it wrote */
type Tvm = (args: string[]) => Promise<{ code: number; output: string }>;

/** The command `tvm` with the credentials of the deployer. */
function tvmOf(target: Target, issuer: string): Tvm {
  const { accessKeyId, secretAccessKey, sessionToken } = target.credentials;
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NO_COLOR: '1',
    AWS_ENDPOINT_URL: target.endpoint,
    AWS_REGION: target.region,
    TVM_ENDPOINT: issuer,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken !== undefined && { AWS_SESSION_TOKEN: sessionToken }),
  };
  return (args) =>
    new Promise((resolve) =>
      execFile(node24, [path.join(root, 'clients/cli/tvm.ts'), ...args], { env }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), output: `${stdout}${stderr}` }),
      ),
    );
}

/** Copies a bucket into a folder that was made anew. */
async function download(target: Target, Bucket: string, folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const s3 = new S3Client({ ...target, forcePathStyle: true });
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket })) {
    for (const { Key = '' } of Contents) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      const file = path.join(folder, Key);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, (await Body?.transformToByteArray()) ?? '');
    }
  }
}

/** Makes another table of the one that a token was for, in the copy. @returns what was changed */
function changeOneByte(folder: string, tokenId: string): string {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ndjson')) continue;
    const file = path.join(folder, name);
    const lines = readFileSync(file, 'utf8').split('\n');
    const index = lines.findIndex((text) => text.includes('"Token Issued"') && text.includes(tokenId));
    if (index < 0) continue;
    lines[index] = lines[index]?.replace('orders-db/orders', 'orders-db/orderz') ?? '';
    writeFileSync(file, lines.join('\n'));
    return '"orders-db/orders" to "orders-db/orderz" in Token Issued';
  }
  throw new Error('the copy does not have the token');
}
