import { inject } from 'vitest';
import { runTvm } from '../unit/clients/cli/run-tvm.ts';
import { endpoint } from './deployed-service.ts';

const { target, outputs } = inject('deployed');

/** The environment of an administrator of the deployed service. */
export const administrator = {
  AWS_ACCESS_KEY_ID: target.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: target.credentials.secretAccessKey,
  AWS_REGION: target.region,
  AWS_ENDPOINT_URL: target.endpoint,
  TVM_ENDPOINT: endpoint,
};

/** Returns the archived events that match the arguments, in order, as `tvm audit query` prints them. */
export async function archived(...args: string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await runTvm(
    ['audit', 'query', '--archive', `s3://${outputs.AuditArchiveBucket}`, '--output', 'json', ...args],
    { env: administrator },
  );
  if (code !== 0 || stderr !== '') throw new Error(`the archive query failed: ${code} ${stderr}`);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}
