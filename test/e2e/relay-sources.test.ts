import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { systemClock } from 'tokenrelay/model/clock.ts';
import type { Source } from 'tokenrelay/model/source.ts';
import type { Token } from 'tokenrelay/model/token.ts';
import { awsInstanceProfile } from 'tokenrelay/sources/aws-instance-profile.ts';
import { tvm } from 'tokenrelay/sources/tvm.ts';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { loadConfig } from '#lib/config/config.ts';
import { imdsServer } from '../relay/support/metadata-servers.ts';
import { sourceTools } from '../relay/support/source-tools.ts';
import { workloadRole } from '../support/assumed-role.ts';
import { endpoint, readOrders, resourceServer, workload } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';

const { target, outputs } = inject('deployed');
const { status_list_ttl: ttl } = loadConfig(new URL('../../config/', import.meta.url), 'local');
const { signal } = new AbortController();
const sources: Source[] = [];

/** Creates a source of TVM's tokens that authenticates with this identity. */
function tvmSource(settings: object = {}, { accessKeyId, secretAccessKey, region } = workload, clock = systemClock) {
  vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
  const settled = { endpoint, region, authorization_details: [readOrders], audience: 'orders-db', ...settings };
  const source = tvm.create(tvm.settings.parse(settled), sourceTools(clock));
  sources.push(source);
  return source;
}

afterEach(async () => {
  for (const source of sources.splice(0)) await source.close?.();
  vi.unstubAllEnvs();
});

describe('the tvm source of TokenRelay, with the deployed service', () => {
  it('gives a token that matches the configuration and that a resource server accepts', async () => {
    const { values, fetchedAt, expiresAt } = await tvmSource({ expires_in: 120 }).fetch(undefined, signal);
    const keys = createRemoteJWKSet(new URL(`${endpoint}/.well-known/jwks.json`));
    const verifying = { issuer: endpoint, audience: 'orders-db', typ: 'at+jwt', algorithms: ['ES256'] };
    const { payload } = await jwtVerify(values.token ?? '', keys, verifying);
    expect(payload).toMatchObject({ authorization_details: [readOrders] });
    expect(expiresAt).toBe(fetchedAt + 120_000);
    // By the local clock the token expires no later than its claim says.
    expect(expiresAt).toBeLessThanOrEqual(Number(payload.exp) * 1_000 + 1_000);
  });

  it('fails with the service’s reason and the request’s ID', async () => {
    const write = { authorization_details: [{ ...readOrders, actions: ['write'] }] };
    await expect(tvmSource(write).fetch(undefined, signal)).rejects.toThrow(
      /answered 403, access_denied: policy does not allow everything that was requested \(request [\w-]+\)$/,
    );
  });

  it.each([
    ['a wrong secret', { ...workload, secretAccessKey: 'a wrong secret' }],
    ['a caller without the permission', resourceServer],
  ])('gets no token with %s, and its error contains no part of the signed request', async (_who, caller) => {
    const failure = await tvmSource({}, caller)
      .fetch(undefined, signal)
      .catch((error: Error) => error.message);
    expect(failure).toMatch(/answered 403/);
    expect(failure).not.toMatch(/authorization|x-amz-date|AKIA/i);
  });

  it(
    'reports the revocation of one token by an event within the list’s ttl, and not of another token',
    {
      timeout: 150_000,
    },
    async () => {
      // Only the elapsed time advances by the ttl at once; the time of day stays real.
      let passed = 0;
      const clock = { ...systemClock, elapsed: () => systemClock.elapsed() + passed };
      const source = tvmSource({}, workload, clock);
      const [mine, other] = [await source.fetch(undefined, signal), await source.fetch(undefined, signal)];
      const revoked = (token: Token) => source.revocation?.(token, signal);
      // The scheduler publishes the lists within a minute after the deployment.
      const first = await eventually(async () => revoked(mine), 90_000);
      expect(first).toEqual({ revoked: false, askAgainIn: expect.any(Number) });
      expect(first?.askAgainIn).toBeLessThanOrEqual(ttl * 1_000);

      const Detail = JSON.stringify({ tokenId: decodeJwt(mine.values.token ?? '').jti, reason: 'a laptop was stolen' });
      const entry = {
        EventBusName: outputs.EventBusName,
        Source: 'security.team',
        DetailType: 'Revocation Requested',
        Detail,
      };
      await new EventBridgeClient(target).send(new PutEventsCommand({ Entries: [entry] }));
      expect(await revoked(mine), 'within the ttl the list is not requested').toMatchObject({ revoked: false });
      await eventually(async () => {
        passed += ttl * 1_000;
        expect(await revoked(mine)).toMatchObject({ revoked: true });
      }, 30_000);
      expect(await revoked(other)).toMatchObject({ revoked: false });
    },
  );
});

describe('the aws_instance_profile source of TokenRelay', () => {
  it('gives credentials from MiniStack’s instance metadata service', async () => {
    const clock = systemClock;
    const source = awsInstanceProfile.create({ endpoint: target.endpoint }, sourceTools(clock));
    sources.push(source);
    const { values, expiresAt = 0 } = await source.fetch(undefined, signal);
    expect(values).toEqual({
      access_key_id: expect.stringMatching(/^ASIA/),
      secret_access_key: expect.stringMatching(/./),
      session_token: expect.stringMatching(/./),
    });
    expect(Math.abs(expiresAt - clock.now() - 3_600_000)).toBeLessThan(60_000);
  });

  describe('with an instance’s role', () => {
    let imds: Awaited<ReturnType<typeof imdsServer>>;
    beforeAll(async () => {
      // The keys of MiniStack's own metadata service are unknown to its other services. These keys are from AssumeRole.
      const session = await workloadRole('relay-instance');
      const { accessKeyId, secretAccessKey, sessionToken = '' } = await session('i-0aaa');
      const Expiration = new Date(Date.now() + 3_600_000).toISOString();
      imds = await imdsServer({
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        Token: sessionToken,
        Expiration,
      });
    });
    afterAll(() => imds.close());

    it('gives credentials that AWS’s services accept', async () => {
      const source = awsInstanceProfile.create({ endpoint: imds.url }, sourceTools(systemClock));
      sources.push(source);
      const { values } = await source.fetch(undefined, signal);
      const { access_key_id = '', secret_access_key = '', session_token = '' } = values;
      const credentials = {
        accessKeyId: access_key_id,
        secretAccessKey: secret_access_key,
        sessionToken: session_token,
      };
      const sts = new STSClient({ ...target, credentials });
      const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
      expect(Arn).toMatch(/assumed-role\/relay-instance\/i-0aaa$/);
    });

    it('provides the tvm source’s credentials if the AWS credential chain finds the instance’s role', async () => {
      vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', imds.url);
      vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
      vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
      const source = tvmSource({}, { ...workload, accessKeyId: '', secretAccessKey: '' });
      // No policy permits this role anything. The error proves that the service knows the role's name.
      await expect(source.fetch(undefined, signal)).rejects.toThrow(/answered 403, access_denied: /);
    });
  });
});
