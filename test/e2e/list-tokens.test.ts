import { signedFetch } from '@tvm/api/signed-fetch.ts';
import {
  type TokenListResponse,
  tokenLifeResponse,
  tokenListResponse,
  tokenSummaryResponse,
} from '@tvm/contract/token-list.ts';
import { describe, expect, it } from 'vitest';
import { curl, formData } from '../support/curl.ts';
import {
  ask,
  endpoint,
  introspect,
  operator,
  readOrders,
  resourceServer,
  vend,
  workload,
} from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';
import { runTvm } from '../unit/clients/cli/run-tvm.ts';

const SUBJECT = 'arn:aws:iam::000000000000:user/orders-service';

let tasks = 0;
/** Returns a new task, which identifies the tokens of one test. */
const freshTask = () => `list-tokens-${process.pid}-${Date.now()}-${++tasks}`;

/** Sends a GET request. Does not use curl: its older versions do not sort query parameters before signing. */
async function get(path: string, query: Record<string, string | undefined> = {}, caller: typeof operator = operator) {
  const url = new URL(endpoint + path);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  const response = await signedFetch(caller, caller.region)(url.href);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function list(query: Record<string, string | undefined>): Promise<TokenListResponse> {
  const { status, body } = await get('/tokens', query);
  expect(body).not.toHaveProperty('error');
  expect(status).toBe(200);
  return tokenListResponse.strict().parse(body);
}

const idsOf = ({ tokens }: TokenListResponse) => tokens.map(({ token_id }) => token_id);
/** Waits until the list has exactly these tokens, the newest first. */
const listed = (query: Record<string, string>, ...ids: string[]) =>
  eventually(async () => expect(idsOf(await list(query))).toEqual(ids));

describe('an operator lists', () => {
  it('a token with its permissions, and never the token itself', async () => {
    const task = freshTask();
    const { token, tokenId } = await vend({ task, reason: 'nightly report' });
    await listed({ task }, tokenId);
    const page = await list({ task });
    expect(page.tokens).toMatchObject([
      {
        state: 'active',
        type: 'read',
        subject: SUBJECT,
        audience: 'orders-db',
        authorization_details: [readOrders],
        usage: `data access at orders-db for ${task}: nightly report`,
        issuer: endpoint,
        size: token.length,
        source_ip: '127.0.0.1',
        policies: ['orders-service-reads-orders'],
      },
    ]);
    const [, payload = '', signature = ''] = token.split('.');
    for (const part of [payload, signature]) expect(JSON.stringify(page)).not.toContain(part);
  });

  it('by each property of a token', async () => {
    const task = freshTask();
    const { tokenId } = await vend({ task });
    await listed({ task }, tokenId);
    const [row] = (await list({ task })).tokens;
    const selects: Record<string, string>[] = [
      { subject: SUBJECT },
      { audience: 'orders-db' },
      { resource: 'orders-db/orders' },
      { resource: 'orders-db/*' },
      { action: 'read' },
      { policy: 'orders-service-reads-orders' },
      { policy_bundle: row?.policy_bundle ?? '' },
      { source_ip: '127.0.0.1' },
      { state: 'active' },
      { issued_after: new Date(Date.parse(row?.issued_at ?? '') - 1).toISOString() },
      { expires_before: new Date(Date.now() + 86_400_000).toISOString() },
    ];
    for (const query of selects)
      expect(idsOf(await list({ ...query, task })), JSON.stringify(query)).toEqual([tokenId]);
    // Without the task, the query uses the index of each property.
    for (const query of selects) expect(idsOf(await list({ ...query, limit: '100' }))).toContain(tokenId);
    const others: Record<string, string>[] = [
      { audience: 'billing' },
      { resource: 'orders-db/shipments' },
      { action: 'write' },
      { state: 'revoked' },
      { source_ip: '198.51.100.1' },
      { issued_before: '2020-01-01T00:00:00Z' },
    ];
    for (const query of others) expect(idsOf(await list({ ...query, task }))).toEqual([]);
  });

  it('denied and revoked tokens', async () => {
    const task = freshTask();
    const { token, tokenId } = await vend({ task });
    const denied = await ask({ task, authorization_details: [{ ...readOrders, actions: ['write'] }] });
    expect(denied.status).toBe(403);
    await eventually(async () =>
      expect((await list({ task, state: 'denied' })).tokens).toMatchObject([{ type: 'write', denial: 'policy' }]),
    );
    await curl(`${endpoint}/revoke`, workload, ...formData({ token }));
    await listed({ task, state: 'revoked' }, tokenId);
    expect((await list({ task })).tokens.map(({ state }) => state)).toEqual(['denied', 'revoked']);
  });

  it('page by page, each once, while more tokens are issued', async () => {
    const task = freshTask();
    const ids: string[] = [];
    for (let count = 0; count < 4; count++) ids.unshift((await vend({ task })).tokenId);
    await listed({ task }, ...ids);
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await list({ task, limit: '1', cursor });
      found.push(...idsOf(page));
      cursor = page.next_cursor;
      if (found.length === 2) await vend({ task });
    } while (cursor !== undefined);
    expect(found).toEqual(ids);
  });
});

describe('a cursor', () => {
  it('that was tampered with, or belongs to another list, is rejected', async () => {
    const task = freshTask();
    const ids = [(await vend({ task })).tokenId, (await vend({ task })).tokenId];
    await listed({ task }, ...ids.reverse());
    const { next_cursor: cursor = '' } = await list({ task, limit: '1' });
    expect(idsOf(await list({ task, limit: '1', cursor }))).toEqual(ids.slice(1));
    const [position = '', mac = ''] = cursor.split('.');
    const withMac = (change: string) => `${position}.${change}`;
    for (const [query, other] of [
      [{ task }, withMac(mac.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')))],
      [{ task }, `${Buffer.from('999999999999999#').toString('base64url')}.${mac}`],
      [{ task, state: 'active' }, cursor],
      [{}, cursor],
      [{ task }, 'x'],
    ] as const) {
      const { status, body } = await get('/tokens', { ...query, cursor: other });
      expect({ status, ...body }).toMatchObject({ status: 400, error: 'invalid_request', field: 'cursor' });
    }
  });
});

describe('an operator sees', () => {
  it('the whole life of a token', async () => {
    const { token, tokenId } = await vend({ reason: 'nightly report' });
    await introspect(token);
    await introspect(token);
    const use = { token, action: 'read', location: 'orders-db/orders', outcome: 'allowed' };
    expect((await curl(`${endpoint}/uses`, resourceServer, ...formData(use))).status).toBe(200);
    await curl(`${endpoint}/revocations`, operator, ...formData({ token_id: tokenId, reason: 'leaked' }));
    const { status, body } = await get(`/tokens/${tokenId}`);
    expect(status).toBe(200);
    const life = tokenLifeResponse.strict().parse(body);
    const by = 'arn:aws:iam::000000000000:user/orders-db';
    expect(life).toMatchObject({
      state: 'revoked',
      revocation_reason: 'leaked',
      reason: 'nightly report',
      introspections: [{ by, result: 'active', count: 2 }],
      uses: [{ by, action: 'read', location: 'orders-db/orders', outcome: 'allowed', count: 1 }],
    });
    expect(JSON.stringify(life)).not.toContain(token.split('.')[2]);
  });

  it('that a token does not exist', async () => {
    const { status, body } = await get(`/tokens/${crypto.randomUUID()}`);
    expect({ status, ...body }).toMatchObject({ status: 404, error: 'not_found' });
    expect((await get('/tokens/x')).status).toBe(400);
  });

  it('how many tokens are active', async () => {
    const summary = async () => tokenSummaryResponse.strict().parse((await get('/tokens/summary')).body);
    const { tokenId } = await vend();
    // The count comes from the index of expiring tokens, which is eventually consistent.
    const count = await eventually(async () => {
      const { active, by_subject, by_audience, by_action, by_hour } = await summary();
      expect(by_subject[SUBJECT]).toBeGreaterThan(0);
      for (const counts of [by_audience, by_action, by_hour]) {
        expect(Object.values(counts).reduce((sum, one) => sum + one, 0)).toBe(active);
      }
      return active;
    });
    await curl(`${endpoint}/revocations`, operator, ...formData({ token_id: tokenId }));
    await eventually(async () => expect((await summary()).active).toBeLessThan(count));
  });

  it('all of this on the command line', async () => {
    const task = freshTask();
    const { token, tokenId } = await vend({ task });
    await listed({ task }, tokenId);
    const env = {
      TVM_ENDPOINT: endpoint,
      AWS_REGION: operator.region,
      AWS_ACCESS_KEY_ID: operator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
    };
    const { code, stdout } = await runTvm(['tokens', 'list', '--task', task, '--resource', 'orders-db/*'], { env });
    expect(code).toBe(0);
    expect(stdout).toContain(tokenId);
    expect(stdout).not.toContain(token.slice(-40));
    const shown = await runTvm(['tokens', 'show', tokenId, '--output', 'json'], { env });
    expect(JSON.parse(shown.stdout)).toMatchObject({ token_id: tokenId, task });
    expect((await runTvm(['tokens', 'summary'], { env })).stdout).toMatch(/active tokens? at/);
  });
});

it.each([
  ['/tokens'],
  ['/tokens/summary'],
  ['/tokens/4a81ca62-404f-430e-871f-5710f1bd1ce7'],
])('nobody but an operator sees %s', async (path) => {
  for (const caller of [workload, resourceServer]) expect((await get(path, {}, caller)).status).toBe(403);
  expect((await curl(`${endpoint}${path}`)).status).toBe(403);
});
