import { VERIFICATION } from '@tvm/contract/security-event.ts';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '#lib/config/config.ts';

const SIEM = '"arn:aws:iam::111122223333:role/siem"';
const EMULATOR = 'emulator = { api_id = "tvm-test" }\n';
const receiver = (change: Record<string, string> = {}) =>
  table('security_event_receivers', {
    name: '"gateway"',
    url: '"https://gateway.example.com/sets?stream=1"',
    audience: '"https://gateway.example.com"',
    ...change,
  });
const polling = (change: Record<string, string> = {}) =>
  table('security_event_receivers', {
    name: '"siem"',
    delivery: '"poll"',
    principal: SIEM,
    audience: '"siem"',
    ...change,
  });
const transmitter = (change: Record<string, string> = {}) =>
  table('trusted_transmitters', {
    issuer: '"https://idp.example.com/123/"',
    jwks_uri: '"https://idp.example.com/jwks.json"',
    audience: '"https://tokens.example.com"',
    ...change,
  });

function table(name: string, members: Record<string, string>): string {
  const lines = Object.entries(members).map(([member, value]) => `${member} = ${value}`);
  return `[[${name}]]\n${lines.join('\n')}\n`;
}

describe('the exchange of security events', () => {
  it('is nobody by default, and a receiver gets all events', () => {
    expect(parseConfig('', 'test.toml')).toMatchObject({ security_event_receivers: [], trusted_transmitters: [] });
    const { security_event_receivers: receivers, trusted_transmitters } = parseConfig(receiver() + transmitter(), 't');
    expect(receivers[0]?.events).toEqual([
      'https://schemas.openid.net/secevent/caep/event-type/session-revoked',
      'https://schemas.openid.net/secevent/caep/event-type/token-claims-change',
    ]);
    expect(trusted_transmitters[0]?.issuer).toBe('https://idp.example.com/123/');
  });

  it('is pushed to by default, or polls', () => {
    const { security_event_receivers: receivers } = parseConfig(receiver() + polling(), 'test.toml');
    expect(receivers).toMatchObject([
      { delivery: 'push', url: 'https://gateway.example.com/sets?stream=1' },
      { delivery: 'poll', principal: 'arn:aws:iam::111122223333:role/siem' },
    ]);
    expect(() => parseConfig(receiver({ delivery: '"push"' }), 'test.toml')).not.toThrow();
  });

  it('may have a principal that requests verifications, also with push delivery', () => {
    const { security_event_receivers: receivers } = parseConfig(
      receiver({ principal: SIEM }) + receiver({ name: '"b"', url: '"https://b.example.com"' }),
      't',
    );
    expect(receivers.map(({ principal }) => principal)).toEqual([JSON.parse(SIEM), undefined]);
  });

  it('may have loopback http URLs only for an emulator', () => {
    const plain =
      receiver({ url: '"http://127.0.0.1:4577/sets"' }) + transmitter({ jwks_uri: '"http://localhost:1/j"' });
    expect(() => parseConfig(EMULATOR + plain, 'test.toml')).not.toThrow();
    expect(() => parseConfig(plain, 'test.toml')).toThrow(/security_event_receivers must have only https URLs/);
  });

  it.each([
    ['a receiver in plain http', receiver({ url: '"http://gateway.example.com"' }), /url must be an https URL/],
    ['a URL with credentials', receiver({ url: '"https://a:b@gateway.example.com"' }), /without credentials/],
    ['a URL with a fragment', receiver({ url: '"https://gateway.example.com/#a"' }), /fragment/],
    ['a bearer', receiver({ authorization: '"Bearer abc"' }), /authorization is not a configuration key/],
    ['an invalid name', receiver({ name: '"The Gateway"' }), /name must be at most 32/],
    ['an unknown event', receiver({ events: '["session-revoked"]' }), /events\.0 must be https:\/\/schemas/],
    ['no event', receiver({ events: '[]' }), /events must name an event type/],
    ['two receivers with the same name', receiver() + receiver(), /must name each receiver once/],
    ['an unknown delivery', receiver({ delivery: '"pull"' }), /delivery must be push, with url, or poll/],
    ['a polling receiver with a URL', polling({ url: '"https://siem.example.com"' }), /url is not a configuration key/],
    [
      'a receiver that is pushed to as nobody',
      receiver({ principal: '"x"' }),
      /principal must be the ARN of an IAM role/,
    ],
    ['a verification as an event', receiver({ events: `["${VERIFICATION}"]` }), /events\.0 must be https:\/\/schemas/],
    ['a receiver that polls as nobody', polling({ principal: '""' }), /principal must be the ARN of an IAM role/],
    ['a role with its path', polling({ principal: '"arn:aws:iam::111122223333:role/a/siem"' }), /without its path/],
    ['two that poll as one', polling() + polling({ name: '"other"' }), /must name each principal once/],
    ['two that are known as one', polling() + receiver({ principal: SIEM }), /must name each principal once/],
    ['a transmitter without keys', transmitter({ jwks_uri: '""' }), /jwks_uri must be an https URL/],
    ['a transmitter without a URL', transmitter({ issuer: '"idp"' }), /issuer must be the https URL/],
    ['two transmitters of an issuer', transmitter() + transmitter(), /must name each issuer once/],
  ])('%s is refused, by name', (_, toml, message) => {
    expect(() => parseConfig(EMULATOR + toml, 'test.toml')).toThrow(ConfigError);
    expect(() => parseConfig(EMULATOR + toml, 'test.toml')).toThrow(message);
  });
});
