import { type SecurityEventReceiver, securityEventReceiver } from '@tvm/contract/security-event.ts';
import { streamStatus as statusSchema, streamConfigurationResponse } from '@tvm/contract/security-event-stream.ts';
import { requestVerification, streamConfiguration, streamStatus } from '@tvm/core/security-events/receiver-streams.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { inMemoryFacts } from '#test/fakes/in-memory-records.ts';

const issuer = 'https://tokens.example.com';
const SESSION_REVOKED = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked';
const TOKEN_CLAIMS_CHANGE = 'https://schemas.openid.net/secevent/caep/event-type/token-claims-change';
const SIEM_ROLE = 'arn:aws:iam::111122223333:role/siem';
const GATEWAY_USER = 'arn:aws:iam::111122223333:user/gateway';
const receivers: Record<string, SecurityEventReceiver> = {
  [SIEM_ROLE]: securityEventReceiver.parse({
    name: 'siem',
    delivery: 'poll',
    principal: SIEM_ROLE,
    audience: 'siem',
    events: [SESSION_REVOKED],
  }),
  [GATEWAY_USER]: securityEventReceiver.parse({
    name: 'gateway',
    url: 'https://gateway.example.com/sets',
    principal: GATEWAY_USER,
    audience: 'https://gateway.example.com',
  }),
};
const SIEM = 'arn:aws:sts::111122223333:assumed-role/siem/i-0abc';
const NO_STREAM = { kind: 'not_found', what: 'stream' };

const OTHERS = [
  ['another’s stream', 'gateway', SIEM],
  ['a stream that does not exist', 'nobody', SIEM],
  ['a property of every object', 'constructor', SIEM],
  ['a role that is not a receiver', 'siem', 'arn:aws:sts::111122223333:assumed-role/billing/i-0abc'],
  ['a role with the same name in another account', 'siem', 'arn:aws:sts::999999999999:assumed-role/siem/i-0abc'],
  ['a user with the name of the role', 'siem', 'arn:aws:iam::111122223333:user/siem'],
] as const;

describe('a receiver', () => {
  it('reads the configuration of its stream (SSF 1.0, section 8.1.1.2)', () => {
    const siem = {
      stream_id: 'siem',
      iss: issuer,
      aud: 'siem',
      delivery: { method: 'urn:ietf:rfc:8936', endpoint_url: `${issuer}/security-events/poll` },
      events_supported: [SESSION_REVOKED, TOKEN_CLAIMS_CHANGE],
      events_delivered: [SESSION_REVOKED],
      min_verification_interval: 60,
    };
    const named = streamConfiguration('siem', SIEM, receivers, issuer);
    expect(named).toEqual({ kind: 'known', configuration: siem });
    expect(streamConfiguration(undefined, SIEM, receivers, issuer)).toEqual({ kind: 'known', configuration: [siem] });
    if (named.kind === 'known') expect(streamConfigurationResponse.parse(named.configuration)).toEqual(siem);
    expect(streamConfiguration('gateway', GATEWAY_USER, receivers, issuer)).toMatchObject({
      configuration: { delivery: { method: 'urn:ietf:rfc:8935', endpoint_url: 'https://gateway.example.com/sets' } },
    });
  });

  it('without a stream gets an empty list', () => {
    const billing = 'arn:aws:iam::111122223333:user/billing';
    expect(streamConfiguration(undefined, billing, receivers, issuer)).toEqual({ kind: 'known', configuration: [] });
  });

  it('reads the status of its stream (SSF 1.0, section 8.1.2.1)', () => {
    const status = { stream_id: 'siem', status: 'enabled' } as const;
    expect(streamStatus('siem', SIEM, receivers)).toEqual({ kind: 'known', status: statusSchema.parse(status) });
  });

  it.each(OTHERS)('cannot see %s', (_, streamId, caller) => {
    expect(streamConfiguration(streamId, caller, receivers, issuer)).toEqual(NO_STREAM);
    expect(streamStatus(streamId, caller, receivers)).toEqual(NO_STREAM);
  });
});

describe('a verification', () => {
  let ports: { facts: ReturnType<typeof inMemoryFacts>; clock: { now(): number } };
  let now: number;
  beforeEach(() => {
    now = Date.parse('2026-11-22T09:30:12.500Z');
    ports = { facts: inMemoryFacts(), clock: { now: () => now } };
  });
  const verify = (stream_id: string, caller: string, state?: string) =>
    requestVerification({ stream_id, ...(state !== undefined && { state }) }, caller, receivers, ports);
  const facts = () => [...ports.facts.facts.values()];

  it('is stored as a fact for the audit, with the state to repeat', async () => {
    expect(await verify('siem', SIEM, 'VGhpcyBpcw')).toEqual({ kind: 'requested' });
    expect(facts()).toEqual([
      {
        detailType: 'Verification Requested',
        detail: { time: '2026-11-22T09:30:12.500Z', receiver: 'siem', by: SIEM_ROLE, state: 'VGhpcyBpcw' },
      },
    ]);
  });

  it('may be requested once a minute by each receiver, and the response says how long to wait', async () => {
    await verify('siem', SIEM);
    for (let time = 0; time < 100; time++) {
      expect(await verify('siem', SIEM, `flood ${time}`)).toEqual({ kind: 'too_soon', retryAfter: 48 });
    }
    expect(await verify('gateway', GATEWAY_USER)).toEqual({ kind: 'requested' });
    expect(facts()).toHaveLength(2);
    now += 48_000;
    expect(await verify('siem', SIEM)).toEqual({ kind: 'requested' });
  });

  it.each(OTHERS)('is not sent over %s', async (_, streamId, caller) => {
    expect(await verify(streamId, caller)).toEqual(NO_STREAM);
    expect(facts()).toEqual([]);
  });
});
