import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  conversation,
  noPythonClients,
  runAwsCli,
  runPython,
  startPython,
} from '../../relay/support/python-clients.ts';
import { ask, placeOf } from '../../unit/clients/relay/endpoints/ask.ts';
import { awsToken, bearerToken, FakeClock } from '../../unit/clients/relay/endpoints/fake-tokens.ts';
import { Endpoints } from '../../unit/clients/relay/endpoints/open-endpoints.ts';

const digest = (value: string) => createHash('sha256').update(value).digest('hex');
const digestsOf = (mark: string) => [`AKIA${mark}`, `secret-${mark}`, `session-${mark}`].map(digest);

if (noPythonClients === undefined) {
  describe('unmodified clients', unmodifiedClients);
} else {
  it('the test with unmodified clients prints why it is not run', () => {
    const printed = vi.spyOn(console, 'log');
    console.log(`not run: ${noPythonClients}`);
    expect(printed).toHaveBeenCalledWith(expect.stringMatching(/^not run: the SDKs of test\/relay/));
    printed.mockRestore();
  });
}

function unmodifiedClients() {
  let endpoints: Endpoints;
  let aws: (name: string) => NodeJS.ProcessEnv;
  let azure: NodeJS.ProcessEnv;
  let gcp: NodeJS.ProcessEnv;

  beforeAll(async () => {
    endpoints = await Endpoints.create(new FakeClock(Date.now()));
    const file = (name: string) => ({ path: endpoints.file(name) });
    const HOME = endpoints.folder;
    const awsAddress = await endpoints.start({
      protocol: 'aws-container-credentials',
      listen: '127.0.0.1:0',
      authorization_file: file('aws'),
    });
    aws = (name) => ({
      HOME,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${awsAddress}/credentials/${name}`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: endpoints.file('aws'),
    });
    const azureAddress = await endpoints.start({
      protocol: 'azure-managed-identity',
      listen: '127.0.0.1:0',
      header_file: file('azure'),
      resources: { 'https://vault.azure.net': 'vault', 'https://storage.azure.com/': 'storage' },
    });
    azure = {
      HOME,
      IDENTITY_ENDPOINT: `${azureAddress}/msi/token`,
      IDENTITY_HEADER: await readFile(endpoints.file('azure'), 'utf8'),
    };
    const gcpAddress = await endpoints.start({
      protocol: 'gcp-metadata',
      listen: '127.0.0.1:0',
      token: 'gcp',
      user_ids: [process.getuid?.()],
      project_id: 'example-project',
      email: 'relay@example-project.iam.gserviceaccount.com',
    });
    const { host, port } = placeOf(gcpAddress);
    gcp = { HOME, GCE_METADATA_HOST: `${host}:${port}`, GCE_METADATA_IP: `${host}:${port}` };
  });
  afterAll(() => endpoints.close());

  it.concurrent('boto3 reads credentials, and later the renewed ones', async () => {
    // Less than 15 minutes are left, so boto3 requests new credentials each time.
    endpoints.tokens.set('renewed', awsToken(endpoints.clock, 'first', 600));
    const boto3 = conversation(startPython('ask-boto3.py', aws('renewed')));
    expect(await boto3.next()).toEqual({ method: 'container-role', digests: digestsOf('first') });
    endpoints.tokens.set('renewed', awsToken(endpoints.clock, 'second', 600));
    boto3.say();
    expect(await boto3.next()).toEqual({ method: 'container-role', digests: digestsOf('second') });
    await boto3.end();
  });

  it.concurrent('boto3 gets no expired credentials', async () => {
    endpoints.tokens.set('expired', awsToken(endpoints.clock, 'old', 0));
    const { code, output, errors } = await runPython('ask-boto3.py', aws('expired'));
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toContain('CredentialRetrievalError');
    expect(errors).toContain('the token expired');
  });

  it.concurrent('the AWS CLI reports container credentials', async () => {
    endpoints.tokens.set('cli', awsToken(endpoints.clock, 'WITH-A-TAIL', 3_600));
    const { code, output } = await runAwsCli(['configure', 'list'], aws('cli'));
    expect(code).toBe(0);
    expect(output).toMatch(/access_key\W+TAIL\W+container-role/);
  });

  it.concurrent('google-auth finds a project, an account and a token', async () => {
    endpoints.tokens.set('gcp', bearerToken(endpoints.clock, 'of-google', 3_600));
    const { output, errors } = await runPython('ask-google-auth.py', gcp);
    expect(JSON.parse(output || `{"failed": ${JSON.stringify(errors)}}`)).toMatchObject({
      kind: 'google.auth.compute_engine.credentials',
      project: 'example-project',
      email: 'relay@example-project.iam.gserviceaccount.com',
      digest: digest('of-google'),
    });
  });

  it.concurrent('azure-identity gets the token of each configured resource, and no other', async () => {
    endpoints.tokens.set('vault', bearerToken(endpoints.clock, 'of-vault', 3_600));
    endpoints.tokens.set('storage', bearerToken(endpoints.clock, 'of-storage', 3_600));
    const scopes = ['https://vault.azure.net/.default', 'https://storage.azure.com/.default'];
    const end = Math.floor((endpoints.clock.now() + 3_600_000) / 1_000);
    const near = expect.toSatisfy((seconds: number) => Math.abs(seconds - end) <= 1);
    const { output, errors } = await runPython('ask-azure-identity.py', azure, { args: scopes });
    expect(errors).toBe('');
    expect(JSON.parse(output)).toEqual([
      [digest('of-vault'), near],
      [digest('of-storage'), near],
      [digest('of-vault'), near],
      [digest('of-storage'), near],
    ]);
    const other = await runPython('ask-azure-identity.py', azure, { args: ['https://graph.microsoft.com/.default'] });
    expect(JSON.parse(other.output)).toEqual([['CredentialUnavailableError'], ['ClientAuthenticationError']]);
  });

  it.concurrent('Prometheus’ parser reads the metrics', async () => {
    const outputs = [{ name: 'file /run/"odd"\\name' }, { name: 'file /run/gone', problem: 'is gone' }];
    endpoints.tokens.set('measured', bearerToken(endpoints.clock, 'value', 60), { outputs });
    const address = await endpoints.start({ protocol: 'monitoring', listen: '127.0.0.1:0' });
    const { text } = await ask(address, '/metrics');
    const { output, errors } = await runPython('read-metrics.py', {}, { input: text });
    expect(errors).toBe('');
    expect(JSON.parse(output)).toMatchObject({
      tokenrelay_token_output_healthy: 2,
      tokenrelay_token_fetches: 2 * endpoints.tokens.statuses().length,
      tokenrelay_build_info: 1,
      process_cpu_seconds: 1,
    });
  });
}
