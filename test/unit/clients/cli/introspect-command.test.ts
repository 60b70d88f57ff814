import { describe, expect, it } from 'vitest';
import { useStubService } from './stub-service.ts';

const service = useStubService();

const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl';
const exp = Math.floor(Date.now() / 1000) + 3_600;
const active = {
  active: true,
  token_type: 'Bearer',
  iss: 'https://tokens.example.com',
  sub: 'arn:aws:iam::123456789012:role/orders-service',
  aud: 'orders-db',
  client_id: 'arn:aws:iam::123456789012:role/orders-service',
  iat: 1_795_366_497,
  nbf: 1_795_366_497,
  exp,
  jti: '4a81ca62-404f-430e-871f-5710f1bd1ce7',
  authorization_details: [{ type: 'resource', locations: ['orders-db/orders'], actions: ['read'] }],
  policy: 'e6f799cf4824',
  status: { status_list: { idx: 7, uri: 'https://tokens.example.com/status-lists/1' } },
};

describe('tvm introspect', { timeout: 20_000 }, () => {
  it('shows an active token on standard output and exits with 0', async () => {
    service.next = { body: active };
    const { code, stdout, stderr } = await service.tvm(['introspect', TOKEN]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'active    yes',
      'permits   read orders-db/orders',
      'subject   arn:aws:iam::123456789012:role/orders-service',
      'audience  orders-db',
      'issuer    https://tokens.example.com',
      'issued    2026-11-22T16:54:57Z',
      expect.stringMatching(/^expires {3}\d{4}-.*Z, in (1h|59m \d+s)$/),
      'token id  4a81ca62-404f-430e-871f-5710f1bd1ce7',
      '',
    ]);
    expect(service.asked).toMatchObject([{ path: '/v1/introspect', body: { token: TOKEN } }]);
  });

  it.each([[['introspect']], [['introspect', '-']]])('%j reads the token from standard input', async (args) => {
    service.next = { body: active };
    const { code, stdout } = await service.tvm([...args, '--output=json'], { stdin: `${TOKEN}\n` });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(active);
    expect(service.asked[0]?.body).toEqual({ token: TOKEN });
  });

  it('exits with 4 when the token is not active', async () => {
    service.next = { body: { active: false } };
    expect(await service.tvm(['introspect', TOKEN])).toEqual({
      code: 4,
      stdout: 'active  no: unknown, expired, revoked, or for another audience\n',
      stderr: '',
    });
    expect(await service.tvm(['introspect', TOKEN, '--output', 'json'])).toEqual({
      code: 4,
      stdout: '{\n  "active": false\n}\n',
      stderr: '',
    });
  });

  it('rejects standard input without a token, as after a failed command in a pipe', async () => {
    const { code, stderr } = await service.tvm(['introspect'], { stdin: '\n' });
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'tvm: TOKEN is missing: standard input is empty\n' });
  });

  it.each(['two words', 'x'.repeat(20_000)])('rejects text that is not a token, without quoting it', async (stdin) => {
    const { code, stderr } = await service.tvm(['introspect'], { stdin });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^tvm: TOKEN must (not contain spaces, control or non-ASCII characters|have at most 8192 characters)\n$/,
    );
    expect(service.asked).toEqual([]);
  });
});
