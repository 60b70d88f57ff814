import { AttachUserPolicyCommand, CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { SESSION_REVOKED, TOKEN_CLAIMS_CHANGE, transmittedClaims, VERIFICATION } from '@tvm/contract/security-event.ts';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { securityEventTransmitter } from '../fakes/security-event-transmitter.ts';
import { type AuditListener, auditListener } from '../support/audit-listener.ts';
import { curl, formData } from '../support/curl.ts';
import {
  ask,
  ciJob,
  endpoint,
  introspect,
  operator,
  resourceServer,
  vend,
  workload,
} from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';
import { changeSettings, settingsOf } from '../support/function-settings.ts';
import { httpListener } from '../support/http-listener.ts';

const { target, outputs } = inject('deployed');
const SUBJECT = 'arn:aws:iam::000000000000:user/orders-service';
const CI_JOB = 'arn:aws:iam::000000000000:user/ci-job';
const RECEIVER = 'http://127.0.0.1:4577';
const AUDIENCE = 'tvm-local';
const RELEASE = { type: 'resource', locations: ['releases/orders/v17'], actions: ['write'] };

// Simulates another system, which receives this service's security events and transmits its own.
let refuses: string | undefined;
const peer = await httpListener(({ path, body }, response) => {
  if (path === '/jwks.json') return response.end(JSON.stringify(transmitter.jwks));
  if (refuses !== undefined && Buffer.from(body.split('.')[1] ?? '', 'base64url').includes(refuses)) {
    return response.writeHead(400).end(JSON.stringify({ err: 'access_denied', description: 'not this one' }));
  }
  return response.writeHead(202).end();
});
const transmitter = await securityEventTransmitter(peer.url, 'RS256');
const stranger = await securityEventTransmitter('https://stranger.example.com');
/** Returns the events that were pushed to the other system about a token or a workload. */
const pushedAbout = (id: string) =>
  peer.heard.filter(({ path, body }) => path === '/sets' && JSON.stringify(decodeJwt(body)).includes(id));

const restore: (() => Promise<void>)[] = [];
let audit: AuditListener;
beforeAll(async () => {
  audit = await auditListener();
  const receiver = { RECEIVER_URL: `${peer.url}/sets`, RECEIVER_EVENTS: `${SESSION_REVOKED},${TOKEN_CLAIMS_CHANGE}` };
  const trusted = [{ issuer: transmitter.issuer, jwks_uri: `${peer.url}/jwks.json`, audience: AUDIENCE }];
  restore.push(await changeSettings('transmit-security-events', receiver));
  restore.push(await changeSettings('keep-security-events', { RECEIVER_EVENTS: SESSION_REVOKED }));
  restore.push(await changeSettings('receive-security-event', { TRUSTED_TRANSMITTERS: JSON.stringify(trusted) }));
});
afterAll(async () => {
  for (const back of restore) await back();
  await peer.close();
});

describe('a receiver', () => {
  it('gets a SET about a revoked token, which jose verifies with the keys in the metadata', async () => {
    const { tokenId } = await vend();
    await curl(`${endpoint}/revocations`, operator, ...formData({ token_id: tokenId, reason: 'leaked' }));
    await eventually(async () => expect(pushedAbout(tokenId)).toHaveLength(1));
    const [pushed] = pushedAbout(tokenId);
    expect(pushed).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/secevent+jwt' } });

    const { body: metadata } = await curl(`${endpoint}/.well-known/ssf-configuration`);
    const { payload } = await jwtVerify(pushed?.body ?? '', createRemoteJWKSet(new URL(String(metadata.jwks_uri))), {
      algorithms: ['RS256'],
      typ: 'secevent+jwt',
      issuer: String(metadata.issuer),
      audience: RECEIVER,
    });
    expect(transmittedClaims.parse(payload)).toMatchObject({
      sub_id: {
        format: 'complex',
        user: { format: 'iss_sub', iss: endpoint, sub: SUBJECT },
        session: { format: 'jwt_id', iss: endpoint, jti: tokenId },
      },
      events: { [SESSION_REVOKED]: { initiating_entity: 'admin', reason_admin: { en: 'leaked' } } },
    });
  });

  it('finds the key in a separate key set, and not among the tokens’ keys', async () => {
    const keysOf = async (file: string) => {
      const { body } = await curl(`${endpoint}/.well-known/${file}`);
      return (body.keys as { kid: string; alg: string }[]).map(({ kid }) => kid);
    };
    const own = await keysOf('security-event-keys.json');
    expect(own).toHaveLength(1);
    expect(await keysOf('jwks.json')).not.toContain(own[0]);
  });

  it('rejects an event permanently, and the event is stored for the operator at once', async () => {
    const { tokenId } = await vend();
    refuses = tokenId;
    await curl(`${endpoint}/revocations`, operator, ...formData({ token_id: tokenId }));
    const sqs = new SQSClient(target);
    const { DEAD_LETTER_QUEUE_URL: QueueUrl } = await settingsOf('transmit-security-events');
    await eventually(async () => {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      expect(Messages.map(({ Body }) => Body).join()).toContain(tokenId);
    });
    expect(pushedAbout(tokenId)).toHaveLength(1);
    refuses = undefined;
  });
});

describe('a receiver that polls', () => {
  const poll = (request: object, caller = resourceServer) =>
    curl(
      `${endpoint}/security-events/poll`,
      caller,
      ...['-H', 'content-type: application/json', '-d', JSON.stringify(request)],
    );

  it('gets the SET of a revoked token until it acknowledges the SET (RFC 8936)', async () => {
    const { tokenId } = await vend();
    await curl(`${endpoint}/revocations`, operator, ...formData({ token_id: tokenId, reason: 'left behind' }));
    const aboutIt = ([, set]: [string, string]) => JSON.stringify(decodeJwt(set)).includes(tokenId);
    let others: string[] = [];
    const polled = async () => {
      const { status, body } = await poll({ returnImmediately: true, ack: others });
      expect(status).toBe(200);
      const sets = Object.entries(body.sets as Record<string, string>);
      // Acknowledge the SETs of other tests, so that they do not fill the response.
      others = sets.filter((one) => !aboutIt(one)).map(([jti]) => jti);
      return sets.find(aboutIt);
    };
    await eventually(async () => expect(await polled()).toBeDefined());
    const [jti = '', set = ''] = (await polled()) ?? [];

    const { body: metadata } = await curl(`${endpoint}/.well-known/ssf-configuration`);
    expect(metadata.delivery_methods_supported).toEqual(['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936']);
    const { payload } = await jwtVerify(set, createRemoteJWKSet(new URL(String(metadata.jwks_uri))), {
      algorithms: ['RS256'],
      typ: 'secevent+jwt',
      issuer: String(metadata.issuer),
      audience: 'orders-db',
    });
    expect(transmittedClaims.parse(payload)).toMatchObject({ jti, txn: expect.any(String) });

    expect(await poll({ maxEvents: 0, ack: [jti] })).toMatchObject({ status: 200, body: { sets: {} } });
    expect(await polled()).toBeUndefined();
  });

  it('needs its IAM policy, and a malformed request is rejected', async () => {
    expect((await poll({}, workload)).status).toBe(403);
    const { status, body } = await poll({ ack: 'all' });
    expect([status, body.error_description]).toEqual([400, 'ack must be an array of jti']);
  });
});

describe('a receiver’s stream (SSF 1.0, section 8.1)', () => {
  type Caller = typeof resourceServer;
  const get = (path: string, caller: Caller) => curl(`${endpoint}/security-events/${path}`, caller);
  const post = (path: string, request: object, caller: Caller) =>
    curl(
      `${endpoint}/security-events/${path}`,
      caller,
      ...['-H', 'content-type: application/json', '-d', JSON.stringify(request)],
    );
  /** Returns the SET’s claims, verified with the keys in the metadata. */
  const claimsOf = async (set: string, audience: string) => {
    const { body: metadata } = await curl(`${endpoint}/.well-known/ssf-configuration`);
    const { payload } = await jwtVerify(set, createRemoteJWKSet(new URL(String(metadata.jwks_uri))), {
      algorithms: ['RS256'],
      typ: 'secevent+jwt',
      issuer: String(metadata.issuer),
      audience,
    });
    return transmittedClaims.parse(payload);
  };

  /** The receiver with push delivery. The configuration names its user. */
  let gateway: Caller;
  beforeAll(async () => {
    const iam = new IAMClient(target);
    const UserName = 'gateway';
    await iam.send(new CreateUserCommand({ UserName })).catch((error: Error) => {
      if (error.name !== 'EntityAlreadyExistsException') throw error;
    });
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: outputs.SecurityEventReceiverPolicyArn }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {};
    gateway = { accessKeyId, secretAccessKey, region: target.region };
  });

  it('delivers a verification event by push, although the configuration does not name the type', async () => {
    const state = crypto.randomUUID();
    const requested = await post('verification', { stream_id: 'gateway', state }, gateway);
    expect([requested.status, requested.headers['cache-control'], requested.body]).toEqual([204, 'no-store', {}]);
    await eventually(async () => expect(pushedAbout(state)).toHaveLength(1));
    expect(await claimsOf(pushedAbout(state)[0]?.body ?? '', RECEIVER)).toMatchObject({
      sub_id: { format: 'opaque', id: 'gateway' },
      events: { [VERIFICATION]: { state } },
    });
    await eventually(async () => {
      const [requested] = await audit.eventsWith('state', state);
      expect(requested).toMatchObject({ detailType: 'Verification Requested', detail: { receiver: 'gateway' } });
    });
  });

  it('delivers a verification event by poll, and to no other receiver', async () => {
    const state = crypto.randomUUID();
    expect((await post('verification', { stream_id: 'orders-db', state }, resourceServer)).status).toBe(204);
    const [jti, set] = await eventually(async () => {
      const { body } = await post('poll', {}, resourceServer);
      const found = Object.entries(body.sets as Record<string, string>).find(([, one]) =>
        JSON.stringify(decodeJwt(one)).includes(state),
      );
      if (found === undefined) throw new Error('there is no verification event yet');
      return found;
    });
    expect(await claimsOf(set, 'orders-db')).toMatchObject({
      sub_id: { format: 'opaque', id: 'orders-db' },
      events: { [VERIFICATION]: { state } },
    });
    expect((await post('poll', { ack: [jti], maxEvents: 0 }, resourceServer)).status).toBe(200);
    expect(pushedAbout(state)).toEqual([]);
  });

  it('is shown at the endpoints in the metadata', async () => {
    const { body: metadata } = await curl(`${endpoint}/.well-known/ssf-configuration`);
    const configuration = {
      stream_id: 'gateway',
      iss: endpoint,
      aud: RECEIVER,
      delivery: { method: 'urn:ietf:rfc:8935', endpoint_url: 'http://127.0.0.1:4577/security-events' },
      events_supported: [SESSION_REVOKED, TOKEN_CLAIMS_CHANGE],
      events_delivered: [TOKEN_CLAIMS_CHANGE],
      min_verification_interval: 60,
    };
    const read = async (named: unknown, query: string) => curl(`${named}${query}`, gateway);
    expect(await read(metadata.configuration_endpoint, '?stream_id=gateway')).toMatchObject({
      status: 200,
      body: configuration,
    });
    expect(await read(metadata.configuration_endpoint, '')).toMatchObject({ status: 200, body: [configuration] });
    expect(await read(metadata.status_endpoint, '?stream_id=gateway')).toMatchObject({
      status: 200,
      body: { stream_id: 'gateway', status: 'enabled' },
    });
    expect(metadata.verification_endpoint).toBe(`${endpoint}/security-events/verification`);
  });

  it('belongs to its receiver: another receiver gets 404 for its ID', async () => {
    const none = { status: 404, body: { error: 'not_found' } };
    expect(await get('streams?stream_id=orders-db', gateway)).toMatchObject(none);
    expect(await get('status?stream_id=orders-db', gateway)).toMatchObject(none);
    expect(await post('verification', { stream_id: 'orders-db' }, gateway)).toMatchObject(none);
  });

  it('is closed to a workload, which IAM denies', async () => {
    expect((await get('status?stream_id=gateway', workload)).status).toBe(403);
    expect((await post('verification', { stream_id: 'gateway' }, workload)).status).toBe(403);
  });

  it('limits verification requests: 429 has the time of the next', async () => {
    const responses = [];
    // At most two of three consecutive requests fall into different minutes.
    for (let time = 0; time < 3; time++) responses.push(await post('verification', { stream_id: 'gateway' }, gateway));
    const refused = responses.find(({ status }) => status === 429);
    expect(refused?.body.error).toBe('temporarily_unavailable');
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused?.headers['retry-after'])).toBeLessThanOrEqual(60);
  });
});

describe('a transmitter', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const revoking = (sub_id: object, change = {}) => ({
    jti: crypto.randomUUID(),
    iat: now(),
    aud: AUDIENCE,
    sub_id,
    events: { [SESSION_REVOKED]: { event_timestamp: now(), reason_admin: { en: 'left the network' } } },
    ...change,
  });
  const push = (set: string) =>
    curl(`${endpoint}/security-events`, undefined, '-H', 'content-type: application/secevent+jwt', '-d', set);
  const session = (tokenId: string) => ({ format: 'jwt_id', iss: endpoint, jti: tokenId });

  it('that is trusted can revoke a token, which the audit records', async () => {
    const { token, tokenId } = await vend();
    const claims = revoking(session(tokenId));
    expect(await push(await transmitter.sign(claims))).toMatchObject({ status: 202, body: {} });
    expect(await introspect(token)).toEqual({ active: false });
    await eventually(async () => {
      const [received] = await audit.eventsWith('jti', claims.jti);
      expect(received).toMatchObject({
        detailType: 'Security Event Received',
        detail: { issuer: transmitter.issuer, type: SESSION_REVOKED },
      });
      const [, revoked] = await audit.eventsWith('tokenId', tokenId);
      expect(revoked?.detail).toMatchObject({
        revokedBy: transmitter.issuer,
        revocationReason: 'left the network',
        revocationId: (received?.detail as { revocationId: string }).revocationId,
      });
    });
  });

  it('that is trusted can revoke and block a workload; the same SET does not block it again', async () => {
    const release = { audience: 'releases', authorization_details: [RELEASE] };
    expect((await ask(release, ciJob)).status).toBe(200);
    const set = await transmitter.sign(revoking({ format: 'iss_sub', iss: endpoint, sub: CI_JOB }));
    expect((await push(set)).status).toBe(202);
    expect((await ask(release, ciJob)).status).toBe(403);
    const lifted = await curl(`${endpoint}/blocks/lift`, operator, ...formData({ subject: CI_JOB }));
    expect(lifted.body).toEqual({ unblocked: true });
    expect((await push(set)).status).toBe(202);
    expect((await ask(release, ciJob)).status).toBe(200);
    await eventually(async () => {
      const refused = await audit.eventsWith('via', 'security_event');
      expect(refused.map(({ detail }) => (detail as { problem: string }).problem).join()).toContain('processed before');
    });
  });

  it('that is not trusted, or signs for another audience, is rejected as RFC 8935 requires', async () => {
    const { token, tokenId } = await vend();
    const untrusted = await push(await stranger.sign(revoking(session(tokenId))));
    expect(untrusted).toMatchObject({ status: 400, body: { err: 'invalid_issuer' } });
    expect(untrusted.headers['content-language']).toBe('en');
    const forged = await stranger.sign({ ...revoking(session(tokenId)), iss: transmitter.issuer });
    expect(await push(forged)).toMatchObject({ status: 400, body: { err: 'invalid_key' } });
    const elsewhere = await transmitter.sign(revoking(session(tokenId), { aud: 'https://sp.example.com' }));
    expect(await push(elsewhere)).toMatchObject({ status: 400, body: { err: 'invalid_audience' } });
    const stale = await transmitter.sign(revoking(session(tokenId), { iat: now() - 100_000 }));
    expect(await push(stale)).toMatchObject({ status: 400, body: { err: 'invalid_request' } });
    expect(await introspect(token)).toHaveProperty('active', true);
    await eventually(async () => {
      const froms = (await audit.eventsWith('via', 'security_event')).map(({ detail }) => detail);
      expect(froms).toContainEqual(expect.objectContaining({ from: 'https://stranger.example.com' }));
      expect(froms).toContainEqual(expect.objectContaining({ problem: 'aud must be the configured audience' }));
    });
  });
});
