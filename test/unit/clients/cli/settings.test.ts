import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveSettings } from '@tvm/cli/connection/settings.ts';
import { afterAll, describe, expect, it } from 'vitest';
import { credentials, runTvm } from './run-tvm.ts';
import { useStubService } from './stub-service.ts';

const service = useStubService();
const asking = ['token', '--grant', 'read:orders-db/orders', '--audience', 'orders-db'];

const directory = mkdtempSync(join(tmpdir(), 'tvm-'));
afterAll(() => rmSync(directory, { recursive: true }));
const files = {
  AWS_CONFIG_FILE: join(directory, 'config'),
  AWS_SHARED_CREDENTIALS_FILE: join(directory, 'credentials'),
};
writeFileSync(
  files.AWS_CONFIG_FILE,
  "[profile security]\nregion = eu-north-1\n[profile broken]\ncredential_process = sh -c 'exit 3' --password s3cret\n",
);
const keys = 'aws_access_key_id = AKIAPROFILE\naws_secret_access_key = secret\n';
writeFileSync(files.AWS_SHARED_CREDENTIALS_FILE, `[security]\n${keys}`);

/** Returns the access key id and the region of the first request's signature. */
const signer = () => /Credential=(\w+)\/\d+\/([\w-]+)\//.exec(service.asked[0]?.headers.authorization ?? '')?.slice(1);

describe('the endpoint', { timeout: 20_000 }, () => {
  it('is rejected if it is plain http, unless on loopback', async () => {
    const { code, stdout, stderr } = await service.tvm([...asking, '--endpoint', 'http://10.0.0.1/v1']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^tvm: --endpoint must be an https URL: over http, anyone .* the tokens of 10\.0\.0\.1\n$/);
  });

  it.each([
    'http://127.0.0.1:4566/v1',
    'http://localhost:1',
    'http://[::1]:1',
    'https://tokens.example.com/',
  ])('is accepted: %s', async (TVM_ENDPOINT) => {
    const { endpoint } = await resolveSettings({}, { TVM_ENDPOINT, AWS_REGION: 'eu-central-1', ...credentials });
    expect(endpoint.href).toBe(new URL(TVM_ENDPOINT).href);
  });

  it.each([
    ['http://tokens.example.com', 'must be an https URL'],
    ['http://127.0.0.1.example.com', 'must be an https URL'],
    ['http://localhost.example.com', 'must be an https URL'],
    ['tokens.example.com', 'must be a URL such as https://'],
    ['ftp://tokens.example.com', 'must be a URL such as https://'],
    ['https://user:s3cret@tokens.example.com', 'must not contain a user name or a password'],
    ['https://tokens.example.com/?a=b', 'must not contain a query or a fragment'],
  ])('is rejected: %s', async (TVM_ENDPOINT, problem) => {
    const refused = resolveSettings({}, { TVM_ENDPOINT, AWS_REGION: 'eu-central-1', ...credentials });
    await expect(refused).rejects.toThrow(`TVM_ENDPOINT ${problem}`);
    await expect(refused).rejects.not.toThrow('s3cret');
  });

  it('is required', async () => {
    const { code, stderr } = await runTvm(asking, { env: credentials });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tvm: the endpoint is missing: give --endpoint URL or set TVM_ENDPOINT /);
  });
});

describe('the region', () => {
  const api = 'https://a1b2c3.execute-api.eu-west-3.amazonaws.com/v1';
  const own = 'https://tokens.example.com';
  it.each([
    ['--region first', { region: 'eu-south-1', endpoint: api }, { AWS_REGION: 'eu-north-1' }, 'eu-south-1'],
    ['the region in the URL of an API', { endpoint: api }, { AWS_REGION: 'eu-north-1' }, 'eu-west-3'],
    ['AWS_REGION', { endpoint: own }, { AWS_REGION: 'eu-north-1', AWS_DEFAULT_REGION: 'eu-west-1' }, 'eu-north-1'],
    ['AWS_DEFAULT_REGION', { endpoint: own }, { AWS_REGION: '', AWS_DEFAULT_REGION: 'eu-west-1' }, 'eu-west-1'],
  ])('is %s', async (_source, options, env, region) => {
    expect(await resolveSettings(options, { ...env, ...credentials })).toMatchObject({ region });
  });

  it.each([undefined, 'Frankfurt'])('is rejected if it is %s', async (region) => {
    const { code, stderr } = await runTvm([...asking, ...(region === undefined ? [] : ['--region', region])], {
      env: { TVM_ENDPOINT: own, ...credentials },
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tvm: (the AWS region is missing: |"Frankfurt" is not the name of an AWS region)/);
  });
});

describe('the credentials', { timeout: 20_000 }, () => {
  it('and the region come from the profile, without a warning about the keys in the environment', async () => {
    const { AWS_REGION: _, ...env } = service.env;
    const { stderr } = await runTvm([...asking, '--profile', 'security'], { env: { ...env, ...files } });
    expect(signer()).toEqual(['AKIAPROFILE', 'eu-north-1']);
    expect(stderr).not.toContain('WARNING');
  });

  it('come from the environment before AWS_PROFILE, as with the AWS CLI', async () => {
    await service.tvm(asking, { env: { ...files, AWS_PROFILE: 'security' } });
    expect(signer()?.[0]).toBe(credentials.AWS_ACCESS_KEY_ID);
  });

  it('never belong to another identity if the profile does not exist', async () => {
    const { code, stderr } = await service.tvm([...asking, '--profile', 'nobody'], { env: files });
    const sentence = 'tvm: "nobody" is not a profile in your AWS configuration files\n';
    expect({ code, stderr }).toEqual({ code: 2, stderr: sentence });
    expect(service.asked).toEqual([]);
  });

  it('never belong to another identity if the profile fails, and the error does not quote its command', async () => {
    const { code, stderr } = await service.tvm([...asking, '--profile', 'broken'], { env: files });
    const sentence = 'tvm: no AWS credentials: the credential_process of the profile failed\n';
    expect({ code, stderr }).toEqual({ code: 2, stderr: sentence });
    expect(service.asked).toEqual([]);
  });

  it('are required', async () => {
    const env = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
    const { code, stderr } = await service.tvm([...asking, '--output', 'json'], { env });
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toEqual({
      error: 'no_credentials',
      error_description:
        'no AWS credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give --profile',
    });
  });
});
