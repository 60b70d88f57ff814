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

/** Shows that the archive has a token's whole life, and that verification detects one changed byte. */
export async function proveArchive(target: Target, outputs: StackOutputs, tokenId: string): Promise<void> {
  step(7, 'The archive proves what happened');
  const archive = `s3://${outputs.AuditArchiveBucket}`;
  const tvm = tvmOf(target, outputs.Issuer);
  const life = await archived(tvm, archive, tokenId);
  good(`tvm audit query --token-id ${tokenId} ${dim('(Object Lock, one object per batch)')}`);
  for (const { time, detailType, class: objectClass } of life) {
    line(` ${dim(time.slice(11, 23))}  ${detailType}${objectClass === 'pending' ? dim(' [pending]') : ''}`);
  }

  // The function does this by itself every hour.
  const command = { FunctionName: outputs.AuditDigestFunction, Payload: JSON.stringify({ sealNow: true }) };
  await new LambdaClient(target).send(new InvokeCommand(command));
  const keys = path.join(localDir, 'audit-keys.json');
  const keyFile = await tvm(['audit', 'keys', '--archive', archive]);
  expect(keyFile.code === 0, `\`tvm audit keys\` exited with ${keyFile.code}: ${keyFile.output}`);
  writeFileSync(keys, keyFile.output);
  good(`tvm audit keys > ${shown(keys)}: the public key and the ID of the first digest`);
  const verify = (source: string) => tvm(['audit', 'verify', '--archive', source, '--keys', keys]);
  const proven = await verify(archive);
  expect(proven.code === 0, `\`tvm audit verify\` exited with ${proven.code}: ${proven.output}`);
  good('tvm audit verify: every record is unchanged, as proven by digests that KMS signed');

  const copy = path.join(localDir, 'archive-copy');
  await download(target, outputs.AuditArchiveBucket, copy);
  const changed = changeOneByte(copy, tokenId);
  line(`a copy of the archive in ${shown(copy)}, with one byte changed: ${bold(changed)}`);
  const caught = await verify(copy);
  expect(caught.code !== 0, 'verification did not detect the changed byte');
  refused(`tvm audit verify --archive ${shown(copy)} --keys ${shown(keys)}`);
  for (const text of caught.output.trim().split('\n').slice(0, 4)) line(` ${text}`);
}

interface ArchivedEvent {
  time: string;
  detailType: string;
  class: 'vouched' | 'pending';
}

/** Waits until the archive has all events of a token. @returns the events, in order */
async function archived(tvm: Tvm, archive: string, tokenId: string): Promise<ArchivedEvent[]> {
  for (const deadline = Date.now() + PATIENCE; ; await sleep(200)) {
    const args = ['audit', 'query', '--archive', archive, '--token-id', tokenId, '--output', 'json'];
    const { code, output } = await tvm(args);
    const events: ArchivedEvent[] = output
      .split('\n')
      .filter((text) => text.startsWith('{'))
      .map((text) => JSON.parse(text));
    if (code === 0 && events.some(({ detailType }) => detailType === 'Token Revoked')) {
      return events.sort((a, b) => a.time.localeCompare(b.time));
    }
    expect(Date.now() < deadline, `the archive does not have the event of the token’s revocation: ${output}`);
  }
}

/** Runs the command `tvm`. @returns the exit code and the output */
type Tvm = (args: string[]) => Promise<{ code: number; output: string }>;

/** Returns a function that runs the command `tvm` with the deployer's credentials. */
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

/** Copies a bucket into a new, empty folder. */
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

/** Changes one letter of the table name in the token's event, in the copy. @returns a description of the change */
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
  throw new Error('the copy has no event of the token');
}
