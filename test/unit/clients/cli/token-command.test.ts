import { createProgram } from '@tvm/cli/program.ts';
import { describe, expect, it } from 'vitest';
import { useStubService } from './stub-service.ts';

const service = useStubService();

const granted = [
  { type: 'resource', locations: ['orders-db/orders'], actions: ['read'], fields: ['id', 'status'] },
  { type: 'resource', locations: ['orders-db/shipments'], actions: ['read', 'write'] },
];
const vended = {
  access_token: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl',
  token_type: 'Bearer',
  expires_in: 5_430,
  authorization_details: granted,
  token_id: '4a81ca62-404f-430e-871f-5710f1bd1ce7',
};
const asking = ['token', '--action', 'read', '--location', 'orders-db/orders', '--audience', 'orders-db'];

describe('tvm token', { timeout: 20_000 }, () => {
  it('writes only the token to standard output, and its permissions to standard error', async () => {
    service.next = { body: vended };
    const { code, stdout, stderr } = await service.tvm(asking);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${vended.access_token}\n` });
    expect(stderr.split('\n')).toEqual([
      'granted   read orders-db/orders (fields id, status)',
      '          read, write orders-db/shipments',
      'audience  orders-db',
      expect.stringMatching(/^expires {3}in 1h 30m 30s, at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      `token id  ${vended.token_id}`,
      '',
    ]);
  });

  it('shows the obligations of a token', async () => {
    const obligations = { networks: ['office', 'vpn'], windows: ['working-hours'], single_use: true };
    service.next = { body: { ...vended, obligations } };
    const { stderr } = await service.tvm(asking);
    expect(stderr.split('\n').slice(3, 7)).toEqual([
      'obligations  only from office',
      '             only from vpn',
      '             only during working-hours',
      '             once',
    ]);
  });

  it('writes the whole response with --output json, including fields it does not know', async () => {
    service.next = { body: { ...vended, added_later: true } };
    const { code, stdout, stderr } = await service.tvm([...asking, '--output', 'json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ ...vended, added_later: true });
  });

  it('signs the request with SigV4 for execute-api in the region', async () => {
    service.next = { body: vended };
    await service.tvm(asking, { env: { AWS_SESSION_TOKEN: 'session' } });
    const [{ path, headers } = {}] = service.asked;
    expect(path).toBe('/v1/token');
    expect(headers?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/eu-central-1\/execute-api\/aws4_request, SignedHeaders=[a-z0-9;-]*host[a-z0-9;-]*, Signature=[0-9a-f]{64}$/,
    );
    expect(headers).toMatchObject({ 'x-amz-security-token': 'session', 'x-amz-date': expect.any(String) });
  });

  it('requests all actions on all locations in one entry', async () => {
    service.next = { body: vended };
    const options = [
      '--action',
      'read',
      'write',
      '--location',
      'a/b',
      '--location',
      'c',
      '--field',
      'id',
      '--field',
      'x',
    ];
    await service.tvm([
      'token',
      ...options,
      '--resource',
      'https://a.example/',
      '--duration',
      '15m',
      '--reason',
      'why',
    ]);
    expect(service.asked.map(({ body }) => body)).toEqual([
      {
        grant_type: 'client_credentials',
        authorization_details: [
          { type: 'resource', locations: ['a/b', 'c'], actions: ['read', 'write'], fields: ['id', 'x'] },
        ],
        resource: 'https://a.example/',
        expires_in: 900,
        reason: 'why',
      },
    ]);
  });

  it('requests one entry per --grant', async () => {
    service.next = { body: vended };
    const grants = ['--grant', 'read:orders-db/orders#id,status', '--grant', 'read,write:a:b/c'];
    await service.tvm(['token', ...grants, '--audience', 'orders-db', '--duration', '900']);
    expect(service.asked[0]?.body).toMatchObject({
      authorization_details: [
        { locations: ['orders-db/orders'], actions: ['read'], fields: ['id', 'status'] },
        { type: 'resource', locations: ['a:b/c'], actions: ['read', 'write'] },
      ],
      expires_in: 900,
    });
  });

  it('requests a partial grant, and shows what was not granted', async () => {
    service.next = { body: { ...vended, authorization_details: [{ ...granted[1], actions: ['read'] }] } };
    const grants = ['--grant', 'read:orders-db/orders#id', 'read,write:orders-db/shipments'];
    const { stderr } = await service.tvm(['token', ...grants, '--audience', 'orders-db', '--partial']);
    expect(stderr.split('\n').slice(0, 3)).toEqual([
      'granted      read orders-db/shipments',
      'not granted  read orders-db/orders (fields id)',
      '             write orders-db/shipments',
    ]);
    expect(service.asked[0]?.body).toMatchObject({ grant: 'partial' });
  });

  it('requests a role, and shows its name and grants', async () => {
    service.next = { body: { ...vended, scope: 'role:deployer' } };
    const { code, stderr } = await service.tvm(['token', '--role', 'deployer', '--partial']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^role {6}deployer\ngranted {3}read orders-db\/orders \(fields id, status\)\n(?!not)/);
    expect(stderr).not.toMatch(/audience|not granted/);
    expect(service.asked.map(({ body }) => body)).toEqual([
      { grant_type: 'client_credentials', scope: 'role:deployer', grant: 'partial' },
    ]);
  });

  it('rejects a role together with grants', async () => {
    const { code, stderr } = await service.tvm(['token', '--role', 'deployer', '--action', 'read']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tvm: option '--role <name>' cannot be used with option '--action/);
  });

  it('writes errors only to standard error', async () => {
    const { code, stdout, stderr } = await service.tvm(['token', '--grant', 'read:a', 'write:b']);
    const sentence = 'tvm: --audience or --resource must be given, but not both\n';
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: sentence });
    expect(service.asked).toEqual([]);
  });

  it.each([
    [
      ['--audience', 'a'],
      'nothing is requested: give --action with --location, --grant ACTION:LOCATION, or --role NAME',
    ],
    [['--action', 'read', '--audience', 'a'], '--location is missing: give a resource such as orders-db/orders'],
    [['--location', 'a', '--audience', 'a'], '--action is missing: give read, write or both'],
    [
      ['--action', 'Read', '--location', 'a', '--audience', 'a'],
      '--action "Read" must be the name of an action, such as read or write',
    ],
    [
      ['--action', 'read', '--location', 'a', 'orders-db//x', '--audience', 'a'],
      '--location "orders-db//x" must be a name like orders-db/orders, or orders-db/* for everything below: letters, digits and ._~:@=+- in segments joined by /',
    ],
    [['--action', 'read', 'read', '--location', 'a', '--audience', 'a'], '--action must name each of the actions once'],
    [
      ['--grant', 'read:a', 'orders', '--audience', 'a'],
      '--grant "orders" must be ACTION:LOCATION, as in read:orders-db/orders',
    ],
    [
      ['--grant', 'Red:a', '--audience', 'a'],
      '--grant "Red:a": the action must be the name of an action, such as read or write',
    ],
    [
      ['--grant', 'read:a', '--field', 'id', '--audience', 'a'],
      '--grant cannot be combined with --action, --location and --field',
    ],
    [['--grant', 'read:a'], '--audience or --resource must be given, but not both'],
    [['--grant', 'read:a', '--resource', 'a'], '--resource must be an absolute URI without a fragment'],
    [
      ['--grant', 'read:a', '--audience', 'a', '--duration', 'soon'],
      '--duration "soon" must be a duration such as 15m, 1h or 900 (seconds)',
    ],
    [['--grant', 'read:a', '--audience', 'a', '--reason', 'a\u202eb'], '--reason must not contain control characters'],
  ])('rejects %j without a request', async (options, sentence) => {
    const asked = createProgram().parseAsync(['token', ...options, '--endpoint', service.endpoint], { from: 'user' });
    await expect(asked).rejects.toMatchObject({ message: sentence, details: { code: 'usage', exitCode: 2 } });
    expect(service.asked).toEqual([]);
  });
});
