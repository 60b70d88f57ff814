import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import type { ListedToken, TokenLifeResponse, TokenSummaryResponse } from '@tvm/contract/token-list.ts';
import { describe, expect, it } from 'vitest';
import { startTvm } from './run-tvm.ts';
import { type Asked, useStubService } from './stub-service.ts';

const service = useStubService();

const ID = '4a81ca62-404f-430e-871f-5710f1bd1ce7';
const SUBJECT = 'arn:aws:iam::123456789012:role/orders-service';
const minutes = (count: number) => new Date(Date.now() + count * 60_000 + 5_000).toISOString();

const listed = (change: Partial<ListedToken> = {}): ListedToken => ({
  token_id: ID,
  state: 'active',
  type: 'read',
  subject: SUBJECT,
  audience: 'orders-db',
  authorization_details: [{ type: 'resource', locations: ['orders-db/orders'], actions: ['read'] }],
  usage: 'data access at orders-db: nightly report',
  issuer: 'https://tokens.example.com',
  size: 903,
  issued_at: minutes(-3),
  lifetime: 900,
  expires_at: minutes(12),
  source_ip: '203.0.113.7',
  policies: ['reads-orders'],
  policy_bundle: 'e'.repeat(64),
  ...change,
});

const queryOf = (asked: Asked | undefined) => Object.fromEntries(new URL(asked?.path ?? '', 'http://x').searchParams);

describe('tvm tokens list', { timeout: 20_000 }, () => {
  it('writes a table with type, size, permissions, issuer, usage and state', async () => {
    const denial = listed({ token_id: ID.replace('4', '5'), state: 'denied', denial: 'policy', type: 'write' });
    const { size, expires_at, ...denied } = denial;
    service.next = { body: { tokens: [listed(), denied] } };
    const { code, stdout, stderr } = await service.tvm(['tokens', 'list']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '2 tokens\n' });
    const [titles, first, second] = stdout.split('\n').map((line) => line.split(/ {2,}/));
    const names = ['TOKEN ID', 'STATE', 'PERMISSIONS', 'ENDS', 'SUBJECT', 'TYPE', 'AUDIENCE', 'ISSUED', 'SIZE'];
    expect(titles).toEqual([...names, 'USAGE', 'ISSUER']);
    expect(first).toEqual([
      ...[ID, 'active', 'read orders-db/orders', 'in 12m', 'role/orders-service (123456789012)', 'read', 'orders-db'],
      ...['2m ago', '903 B', 'data access at orders-db: nightly report', 'https://tokens.example.com'],
    ]);
    expect([second?.[1], second?.[5]]).toEqual(['denied', 'write']);
    expect([second?.[3], ...(second?.slice(6, 9) ?? [])]).toEqual(['-', 'orders-db', '2m ago', '-']);
  });

  it('sends the filters in a signed GET request', async () => {
    service.next = { body: { tokens: [] } };
    const options = {
      state: 'active',
      subject: SUBJECT,
      workload: 'i-0abc',
      task: 'build-17',
      audience: 'orders-db',
      resource: 'orders-db/*',
      action: 'write',
      policy: 'reads-orders',
      'policy-bundle': 'e'.repeat(64),
      'source-ip': '2001:db8::1',
      'issued-before': '2026-11-22T09:30:00Z',
      limit: '7',
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const { code, stdout, stderr } = await service.tvm(['tokens', 'list', ...args]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: 'no tokens\n' });
    const [asked] = service.asked;
    expect(asked).toMatchObject({ method: 'GET', headers: { authorization: expect.stringMatching(/^AWS4-HMAC/) } });
    expect(asked?.path).toMatch(/^\/v1\/tokens\?/);
    expect(queryOf(asked)).toEqual(
      Object.fromEntries(Object.entries(options).map(([name, value]) => [name.replace('-', '_'), value])),
    );
  });

  it('counts durations back from now for times of issue, and forward for expiry times', async () => {
    service.next = { body: { tokens: [] } };
    const before = Date.now();
    await service.tvm(['tokens', 'list', '--issued-after', '10m', '--expires-before', '1h']);
    const { issued_after = '', expires_before = '' } = queryOf(service.asked[0]);
    const [from, to] = [Date.parse(issued_after), Date.parse(expires_before)];
    expect(from).toBeGreaterThanOrEqual(before - 600_000);
    expect(from).toBeLessThanOrEqual(Date.now() - 600_000);
    expect(to - from).toBe(4_200_000);
  });

  it('fetches pages until it has --limit tokens', async () => {
    service.answers = (asked) => {
      const { cursor } = queryOf(asked);
      if (cursor === undefined) return { body: { tokens: [listed()], next_cursor: 'a.1' } };
      if (cursor === 'a.1') return { body: { tokens: [], next_cursor: 'a.2' } };
      return { body: { tokens: [listed(), listed()], next_cursor: 'a.3' } };
    };
    const { stdout, stderr } = await service.tvm(['tokens', 'list', '--limit', '3', '--audience', 'orders-db']);
    expect(stdout.split('\n')).toHaveLength(5);
    expect(stderr).toBe('3 tokens; there may be more: raise --limit or give --all\n');
    expect(service.asked.map(queryOf).map(({ limit, audience }) => [limit, audience])).toEqual([
      ['3', 'orders-db'],
      ['2', 'orders-db'],
      ['2', 'orders-db'],
    ]);
  });

  it('lists all tokens with --all, also as JSON', async () => {
    service.answers = (asked) => ({
      body: queryOf(asked).cursor ? { tokens: [listed()] } : { tokens: [listed()], next_cursor: 'a.1' },
    });
    const { stdout } = await service.tvm(['tokens', 'list', '--all', '--output', 'json']);
    expect(JSON.parse(stdout)).toEqual({
      tokens: [listed(), listed()].map(() => expect.objectContaining({ token_id: ID })),
    });
    expect(queryOf(service.asked[0]).limit).toBe('100');
  });

  it('removes control characters chosen by a workload', async () => {
    service.next = { body: { tokens: [listed({ usage: 'data access: \u001b[31mred\nACTIVE' })] } };
    const { stdout } = await service.tvm(['tokens', 'list']);
    expect(stdout).toContain('data access: [31mred ACTIVE');
    expect(stdout.split('\n')).toHaveLength(3);
  });

  it.each([
    [['--state', 'alive'], /--state <state>.*invalid/],
    [
      ['--issued-after', 'yesterday'],
      /^tvm: --issued-after must be a time such as .*, a date, or a duration such as 10m\n$/,
    ],
    [['--resource', 'a//b'], /^tvm: --resource must be a name like/],
    [
      ['--subject', 'orders-service'],
      /^tvm: --subject must be the ARN of an IAM role or user, or a federated subject such as github:repo:1296269\n$/,
    ],
    [['--limit', '0'], /--limit <number>.*must be an integer from 1/],
  ])('rejects %j without a request', async (args, sentence) => {
    const { code, stderr } = await service.tvm(['tokens', 'list', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(service.asked).toEqual([]);
  });

  it('reports a denial', async () => {
    service.next = { status: 403, body: { error: 'access_denied', error_description: 'no', request_id: 'r-1' } };
    const { code, stderr } = await service.tvm(['tokens', 'list']);
    expect({ code, stderr }).toEqual({ code: 3, stderr: 'tvm: refused: no (access_denied, request r-1)\n' });
  });
});

describe('tvm tokens show', { timeout: 20_000 }, () => {
  const server = { by: 'arn:aws:iam::123456789012:role/orders-db', from: '2026-11-22T09:30:00.000Z' };
  const life: TokenLifeResponse = {
    ...listed({ state: 'revoked', revoked_at: minutes(-1), revoked_by: 'security.team', revocation_reason: 'leaked' }),
    account: '123456789012',
    request_id: 'request-1',
    obligations: { networks: ['office'], single_use: true },
    key_id: 'key-1',
    status_list: { idx: 7, uri: 'https://tokens.example.com/status-lists/1' },
    introspections: [{ ...server, to: '2026-11-22T09:31:00.000Z', result: 'active', count: 12 }],
    uses: [
      ...[{ ...server, to: server.from, action: 'read' as const, location: 'orders-db/orders', count: 1 }].map(
        (use) => ({ ...use, outcome: 'allowed' as const }),
      ),
    ],
  };

  it('writes the life of a token', async () => {
    service.next = { body: life };
    const { code, stdout } = await service.tvm(['tokens', 'show', ID]);
    expect(code).toBe(0);
    expect(service.asked).toMatchObject([{ method: 'GET', path: `/v1/tokens/${ID}` }]);
    const lines = Object.fromEntries(stdout.split('\n').map((line) => line.split(/ {2,}/)));
    expect(lines).toMatchObject({
      'token id': ID,
      state: 'revoked',
      permits: 'read orders-db/orders',
      usage: 'data access at orders-db: nightly report',
      policies: 'reads-orders',
      obligations: 'only from office',
      'status list': 'bit 7 of https://tokens.example.com/status-lists/1',
      'revoked by': 'security.team',
      'revocation reason': 'leaked',
      introspections: `active, 12 times to ${server.by}, 2026-11-22T09:30:00Z to 2026-11-22T09:31:00Z`,
      uses: `read orders-db/orders, allowed once by ${server.by}, 2026-11-22T09:30:00Z`,
    });
  });

  it('rejects an invalid id, and reports an unknown id', async () => {
    const bad = await service.tvm(['tokens', 'show', '../keys']);
    expect(bad).toMatchObject({ code: 2, stderr: 'tvm: TOKEN_ID must be a token id (a lower-case UUID)\n' });
    expect(service.asked).toEqual([]);
    const error_description = 'there is no token with this id';
    service.next = { status: 404, body: { error: 'not_found', error_description, request_id: 'r-1' } };
    const unknown = await service.tvm(['tokens', 'show', ID]);
    expect(unknown).toMatchObject({ code: 2, stderr: `tvm: ${error_description} (not_found, request r-1)\n` });
  });
});

describe('tvm tokens summary', { timeout: 20_000 }, () => {
  const summary: TokenSummaryResponse = {
    time: '2026-11-22T09:30:00.123Z',
    active: 14,
    by_subject: { [SUBJECT]: 12, 'arn:aws:iam::123456789012:user/ci': 2 },
    by_audience: { 'orders-db': 14 },
    by_action: { read: 13, write: 1 },
    by_hour: { '2026-11-22T08': 4, '2026-11-22T09': 10 },
  };

  it('writes counts in descending order, and hours with the latest first', async () => {
    service.next = { body: summary };
    const { stdout } = await service.tvm(['tokens', 'summary']);
    expect(service.asked).toMatchObject([{ method: 'GET', path: '/v1/tokens/summary' }]);
    const lines = stdout.split('\n').map((line) => line.replace(/\s+/g, ' ').replace(/ ▇+$/, '').trim());
    expect(lines).toEqual([
      '14 active tokens at 2026-11-22T09:30:00Z',
      ...['', 'BY SUBJECT', `12 ${SUBJECT}`, '2 arn:aws:iam::123456789012:user/ci'],
      ...['', 'BY AUDIENCE', '14 orders-db'],
      ...['', 'BY TYPE', '13 read', '1 write'],
      ...['', 'BY HOUR OF ISSUE (UTC)', '10 2026-11-22T09', '4 2026-11-22T08', ''],
    ]);
  });

  it('writes the JSON of the service unchanged', async () => {
    service.next = { body: summary };
    expect(JSON.parse((await service.tvm(['tokens', 'summary', '--output', 'json'])).stdout)).toEqual(summary);
  });
});

describe('tvm tokens watch', { timeout: 20_000 }, () => {
  /** Runs the watch until `requests` requests have arrived, and then interrupts it. */
  async function watch(args: string[], requests: number) {
    const child = startTvm(['tokens', 'watch', '--interval', '1s', ...args], service.env);
    if (!child.stdout || !child.stderr) throw new Error('stdout and stderr must be pipes');
    const output = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    while (service.asked.length < requests && child.exitCode === null) await wait(20);
    await wait(100);
    child.kill('SIGINT');
    const [stdout, stderr, [code]] = await output;
    return { code, stdout, stderr, lines: stdout.split('\n').slice(0, -1) };
  }

  it('writes a line for each new token and each change, and exits with 0 at Ctrl-C', async () => {
    const end = { revoked_at: minutes(0), revoked_by: 'security.team', revocation_reason: 'leaked' };
    service.answers = () => {
      const looked = service.asked.length;
      if (looked === 1) return { body: { tokens: [listed()] } };
      if (looked === 2)
        return { status: 503, body: { error: 'temporarily_unavailable', error_description: 'x', request_id: 'r' } };
      const other = listed({ token_id: ID.replace('4', '5'), state: 'denied', denial: 'policy' });
      return { body: { tokens: [other, listed({ state: 'revoked', ...end })] } };
    };
    const { code, stderr, lines } = await watch(['--audience', 'orders-db'], 4);
    expect(code).toBe(0);
    expect(lines.map((line) => line.slice('hh:mm:ss  '.length))).toEqual([
      `issued   ${ID}  read   role/orders-service (123456789012)  read orders-db/orders, for 15m`,
      `revoked  ${ID}  read   role/orders-service (123456789012)  read orders-db/orders, by security.team: leaked`,
      `denied   ${ID.replace('4', '5')}  read   role/orders-service (123456789012)  read orders-db/orders: policy`,
    ]);
    expect(stderr).toMatch(/^tvm: x; try again in some seconds/);
    expect(queryOf(service.asked[0])).toMatchObject({ audience: 'orders-db', issued_after: expect.any(String) });
  });

  it('writes one object per line with --output json', async () => {
    service.next = { body: { tokens: [listed()] } };
    const { lines } = await watch(['--output', 'json'], 1);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ token_id: ID, state: 'active' }]);
  });

  it('stops at a denial', async () => {
    service.next = { status: 403, body: { error: 'access_denied', error_description: 'no', request_id: 'r-1' } };
    expect(await watch([], 2)).toMatchObject({ code: 3, stdout: '' });
  });
});
