import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeOf } from '../unit/clients/relay/endpoints/ask.ts';
import { awsToken, bearerToken, FakeClock } from '../unit/clients/relay/endpoints/fake-tokens.ts';
import { Endpoints } from '../unit/clients/relay/endpoints/open-endpoints.ts';
import { runProgram } from './support/python-clients.ts';

const TOKEN_PATH = '/computeMetadata/v1/instance/service-accounts/default/token';
const me = process.getuid?.() ?? 0;
const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

describe('endpoints and their callers', () => {
  let endpoints: Endpoints;
  beforeAll(async () => {
    endpoints = await Endpoints.create(new FakeClock(Date.now()));
    endpoints.tokens.set('gcp', bearerToken(endpoints.clock, 'the-token', 3_600));
  });
  afterAll(() => endpoints.close());

  const metadata = (user_ids: number[], listen = '127.0.0.1:0') =>
    endpoints.start({ protocol: 'gcp-metadata', listen, token: 'gcp', user_ids });
  const curl = (address: string, uid?: number) =>
    runProgram('curl', ['-s', '-w', '%{http_code}', '-H', 'Metadata-Flavor: Google', address + TOKEN_PATH], uid);

  it('the metadata server responds to a process of a configured user', async () => {
    const { output } = await curl(await metadata([me]));
    expect(output).toMatch(/"access_token":"the-token".*200$/);
  });

  it('the metadata server rejects a process of another user', async () => {
    const other = me === 0 ? 65_534 : me + 1;
    const { output } = me === 0 ? await curl(await metadata([0]), other) : await curl(await metadata([other]));
    expect(output).toMatch(/403$/);
    expect(output).not.toContain('the-token');
  });

  it('the metadata server finds the user of a client that connects over IPv6', async () => {
    const listen = hasIpv6 ? '[::1]:0' : '127.0.0.1:0';
    expect((await curl(await metadata([me], listen))).output).toMatch(/200$/);
    expect((await curl(await metadata([me + 1], listen))).output).toMatch(/403$/);
  });

  it('the metadata server finds the user of a client with an IPv6 socket and an IPv4 address', async () => {
    const { port } = placeOf(await metadata([me]));
    const open = connect({ host: hasIpv6 ? '::ffff:127.0.0.1' : '127.0.0.1', port });
    open.write(`GET ${TOKEN_PATH} HTTP/1.1\r\nHost: localhost\r\nMetadata-Flavor: Google\r\nConnection: close\r\n\r\n`);
    expect(await text(open)).toMatch(/^HTTP\/1\.1 200 .*the-token/s);
  });

  it('the AWS SDK for JavaScript reads container credentials', async () => {
    endpoints.tokens.set('aws', awsToken(endpoints.clock, 'node', 3_600));
    const address = await endpoints.start({
      protocol: 'aws-container-credentials',
      listen: '127.0.0.1:0',
      authorization_file: { path: endpoints.file('authorization') },
    });
    const provider = import.meta.resolve('@aws-sdk/credential-provider-node');
    const script = `
      process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = ${JSON.stringify(`${address}/credentials/aws`)};
      process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = ${JSON.stringify(endpoints.file('authorization'))};
      process.env.HOME = ${JSON.stringify(endpoints.folder)};
      const { createHash } = await import('node:crypto');
      const { defaultProvider } = await import(${JSON.stringify(fileURLToPath(provider))});
      const { accessKeyId, secretAccessKey, sessionToken, expiration } = await defaultProvider()();
      const digest = createHash('sha256').update([accessKeyId, secretAccessKey, sessionToken].join()).digest('hex');
      console.log(JSON.stringify({ digest, expiration }));`;
    const { output, errors } = await runProgram(process.execPath, ['--input-type=module', '-e', script]);
    const digest = createHash('sha256').update('AKIAnode,secret-node,session-node').digest('hex');
    const expiration = `${new Date(endpoints.clock.now() + 3_600_000).toISOString().slice(0, 19)}.000Z`;
    expect(output && JSON.parse(output), errors).toEqual({ digest, expiration });
  });
});
