import { createProgram } from '@tvm/cli/program.ts';
import type { Explanation } from '@tvm/contract/explanation.ts';
import { describe, expect, it } from 'vitest';
import { useStubService } from './stub-service.ts';

const service = useStubService();

const SUBJECT = 'arn:aws:iam::123456789012:role/orders-service';
const asking = ['--action', 'read', 'write', '--location', 'orders-db/orders', '--audience', 'orders-db'];
const frame = { subject: SUBJECT, source_ip: '203.0.113.7', time: '2026-01-01T12:00:00.000Z', policy: '0123456789ab' };
const FRAME = `  ${SUBJECT} from 203.0.113.7 at 2026-01-01T12:00:00Z, policies 0123456789ab`;
const read = { type: 'resource' as const, locations: ['orders-db/orders'], actions: ['read' as const] };

const denied: Explanation = {
  allowed: false,
  denial: 'policy',
  ...frame,
  audience: 'orders-db',
  pairs: [
    { action: 'read', location: 'orders-db/orders', verdict: 'allowed', policies: [{ id: 'reads-orders' }] },
    {
      action: 'write',
      location: 'orders-db/orders',
      verdict: 'not_permitted',
      policies: [],
      near_misses: [
        {
          id: 'writes-orders',
          file: 'policies/orders.cedar',
          line: 12,
          missed: [
            { part: 'condition', text: 'context.lifetime <= 300' },
            { part: 'condition', text: 'context.lifetime * 2 > 0', error: true },
          ],
        },
      ],
    },
  ],
  change: {
    sentence: 'ask for read only',
    parameters: ['authorization_details'],
    request: { audience: 'orders-db', authorization_details: [read], expires_in: 300 },
  },
};

const allowed: Explanation = {
  allowed: true,
  ...frame,
  audience: 'orders-db',
  expires_in: 900,
  authorization_details: [read],
  obligations: { networks: ['office'], single_use: true },
  pairs: [
    { action: 'read', location: 'orders-db/orders', verdict: 'allowed', policies: [{ id: 'reads-orders' }] },
    {
      action: 'read',
      location: 'orders-db/*',
      fields: ['id'],
      place: 'orders-db/payments',
      verdict: 'forbidden',
      policies: [{ id: 'no-cards', conditions: ['context.fields.all'] }],
    },
  ],
};

describe('tvm explain', { timeout: 20_000 }, () => {
  it('shows denied items, near misses and what to request instead, and exits with 3', async () => {
    service.next = { body: denied };
    const { code, stdout, stderr } = await service.tvm(['explain', ...asking]);
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      '✗ denied: policy does not allow 1 of 2',
      '  ✓ read orders-db/orders   permitted by reads-orders',
      '  ✗ write orders-db/orders  no policy permits it',
      '      near miss: writes-orders (policies/orders.cedar:12), not met:',
      '        ✗ context.lifetime <= 300',
      '        ✗ context.lifetime * 2 > 0 (cannot be evaluated)',
      '→ change: ask for read only',
      '    tvm token --action read --location orders-db/orders --audience orders-db --duration 5m',
      FRAME,
      '',
    ]);
    expect(service.asked).toMatchObject([
      {
        path: '/v1/explain',
        body: {
          authorization_details: [{ type: 'resource', locations: ['orders-db/orders'], actions: ['read', 'write'] }],
          audience: 'orders-db',
        },
      },
    ]);
  });

  it('shows allowed and denied items of a partial request, and exits with 0', async () => {
    service.next = { body: allowed };
    const { code, stdout } = await service.tvm(['explain', ...asking, '--partial']);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      '✓ allowed: 1 of 2, for 15m, at orders-db, only from office, once',
      '  ✓ read orders-db/orders         permitted by reads-orders',
      '  ✗ read orders-db/* (fields id)  forbidden at orders-db/payments by no-cards',
      '      because: context.fields.all',
      FRAME,
      '',
    ]);
    expect(service.asked[0]?.body).toMatchObject({ grant: 'partial' });
  });

  it('writes the response unchanged with --output json, and exits with the same code', async () => {
    service.next = { body: { ...denied, added_later: true } };
    const { code, stdout } = await service.tvm(['explain', ...asking, '--output', 'json']);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toEqual({ ...denied, added_later: true });
  });

  it('sends the workload, address and time of an operator', async () => {
    service.next = {
      body: {
        ...frame,
        allowed: false,
        denial: 'role_unavailable',
        lacks: 'team',
        scope: 'role:deployer',
        pairs: [{ action: 'assume', role: 'deployer', verdict: 'not_permitted', policies: [] }],
      } satisfies Explanation,
    };
    const where = [
      '--from-ip',
      '203.0.113.7',
      '--from-vpc-endpoint',
      'vpce-0a1b2c3d',
      '--organization',
      'o-a1b2c3d4e5',
    ];
    const { code, stdout } = await service.tvm([
      ...['explain', '--subject', SUBJECT, '--role', 'deployer', '--at', '2026-01-01T13:00:00+01:00'],
      ...where,
    ]);
    expect(code).toBe(3);
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      '✗ denied: the role deployer needs the workload attribute team, which is not set',
      '  ✗ assume role deployer  no policy permits it',
    ]);
    expect(service.asked).toMatchObject([
      {
        path: '/v1/explain/any',
        body: {
          scope: 'role:deployer',
          subject: SUBJECT,
          source_ip: '203.0.113.7',
          vpc_endpoint: 'vpce-0a1b2c3d',
          organization: 'o-a1b2c3d4e5',
          time: '2026-01-01T13:00:00+01:00',
        },
      },
    ]);
  });

  it('quotes the suggested command for a shell', async () => {
    const request = {
      authorization_details: [
        { ...read, locations: ['orders-db/*'] },
        { ...read, actions: ['read' as const, 'write' as const], fields: ['id', 'x'] },
      ],
      grant: 'partial' as const,
      resource: 'https://a.example/?x=1&y',
      reason: "it's late",
      expires_in: 5400,
    };
    service.next = { body: { ...denied, change: { sentence: 'x', parameters: ['reason'], request } } };
    const { stdout } = await service.tvm(['explain', ...asking]);
    expect(stdout).toContain(
      "    tvm token --grant 'read:orders-db/*' --grant 'read,write:orders-db/orders#id,x' --partial " +
        "--resource 'https://a.example/?x=1&y' --duration 90m --reason 'it'\\''s late'\n",
    );
  });

  it('removes control characters from a response', async () => {
    const [pair] = denied.pairs;
    service.next = {
      body: { ...denied, pairs: [{ ...pair, policies: [{ id: '\u001b[2Jx\ny' }] }], change: undefined },
    };
    const { stdout } = await service.tvm(['explain', ...asking]);
    expect(stdout).toContain('permitted by [2Jx y\n');
    expect(stdout).not.toContain('\u001b');
  });

  it.each([
    [['--claims', '{}'], '--claims requires --subject'],
    [
      ['--subject', 'github:a', '--claims', 'x'],
      '--claims must be a JSON object, such as {"environment":"production"}',
    ],
    [['--subject', 'github:a', '--claims', '[]'], '--claims must be an object of claims'],
    [
      ['--subject', 'arn:aws:iam::111122223333:role/a', '--claims', '{}'],
      '--claims must be absent: only a federated workload has claims',
    ],
    [['--from-ip', '203.0.113.7'], '--from-ip requires --subject'],
    [['--at', '2026-01-01T12:00:00Z'], '--at requires --subject'],
    [
      ['--subject', 'orders'],
      '--subject must be the ARN of an IAM role or user, or a federated subject such as github:repo:1296269',
    ],
    [['--subject', SUBJECT, '--from-ip', 'home'], '--from-ip must be an IPv4 or IPv6 address'],
    [['--subject', SUBJECT, '--at', 'tomorrow'], '--at must be a time with its zone, as in 2026-01-31T08:15:00Z'],
  ])('rejects %j without a request', async (options, sentence) => {
    const args = ['explain', ...asking, ...options, '--endpoint', service.endpoint];
    const asked = createProgram().parseAsync(args, { from: 'user' });
    await expect(asked).rejects.toMatchObject({ message: sentence, details: { code: 'usage', exitCode: 2 } });
    expect(service.asked).toEqual([]);
  });
});
