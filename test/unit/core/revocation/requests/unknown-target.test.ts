import type { RevocationSelector } from '@tvm/contract/selector.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { indexTokens } from '@tvm/core/records/index-tokens.ts';
import type { TokenRecord } from '@tvm/core/records/token-record.ts';
import { unknownTarget } from '@tvm/core/revocation/requests/unknown-target.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { asking, from, inMemoryService, rules, SUBJECT, targets } from '#test/fakes/in-memory-service.ts';

let tvm: Awaited<ReturnType<typeof inMemoryService>>;
beforeEach(async () => {
  tvm = await inMemoryService();
});

const find = (selector: RevocationSelector) => unknownTarget(selector, targets, tvm);

/** A token or a denial, with its entries in the index. */
async function decide(request = asking(), userArn = from.userArn): Promise<TokenRecord> {
  await issueToken(request, { ...from, userArn }, rules, tvm);
  const record = [...tvm.records.states.values()].at(-1);
  if (record === undefined) throw new Error('no record');
  await indexTokens([record.tokenId], tvm);
  return record;
}

const STRANGER = 'arn:aws:iam::111122223333:role/legacy-importer';

describe('a known target', () => {
  it.each<[string, RevocationSelector]>([
    ['a subject of a policy', { subject: SUBJECT }],
    ['an audience of a policy', { audience: 'orders-db' }],
    ['an audience of a resource server', { audience: 'reports' }],
    ['a policy', { policy: 'reads-orders' }],
    ['the deployed bundle', { policyBundle: targets.named.policyBundle[0] }],
    ['a location of a policy', { resource: 'orders-db/shipments' }],
    ['an ancestor of such a location', { resource: 'orders-db' }],
    ['a subtree that contains such a location', { resource: 'orders-db/*' }],
    ['all', { all: true }],
    ['all up to a time', { all: true, issuedBefore: '2026-01-01T00:00:00Z' }],
  ])('is %s, without any record', async (_what, selector) => {
    expect(await find(selector)).toBeUndefined();
  });

  it.each<[string, (record: TokenRecord) => RevocationSelector]>([
    ['token', ({ tokenId }) => ({ tokenId })],
    ['running workload', ({ session }) => ({ workload: session })],
    ['task', ({ task }) => ({ task })],
    ['location', () => ({ resource: 'orders-db/customers' })],
    ['location in the subtree of a token', () => ({ resource: 'orders-db/archive/2024' })],
  ])('is the %s of a token', async (_what, selectorOf) => {
    const locations = ['orders-db/customers', 'orders-db/archive/*'];
    const details = [{ type: 'resource' as const, locations, actions: ['read' as const] }];
    const record = await decide(asking({ task: 'nightly-7', authorization_details: details }));
    expect(record.status).toBe('issued');
    expect(await find(selectorOf(record))).toBeUndefined();
  });

  it('is a workload whose only request was denied', async () => {
    expect((await decide(asking(), STRANGER)).status).toBe('denied');
    expect(await find({ subject: STRANGER })).toBeUndefined();
  });

  it('is a property of a token that is not yet indexed', async () => {
    for (const task of ['first', 'second', 'third']) await issueToken(asking({ task }), from, rules, tvm);
    expect(tvm.records.pending.size).toBe(3);
    expect(await find({ task: 'first' })).toBeUndefined();
    expect(await find({ task: 'fourth' })).toMatchObject({ member: 'task' });
  });

  it('is any target that would take too many records to rule out', async () => {
    const record = await decide();
    tvm.index.page = async () => ({ tokenIds: [record.tokenId], next: 'more' });
    expect(await find({ task: 'none' })).toBeUndefined();
  });
});

const STORED = 'and records are stored until 90d after a token expires';

describe('an unknown target', () => {
  beforeEach(async () => {
    await decide(asking({ task: 'deploy-42' }));
  });

  it.each<[string, RevocationSelector, string, string]>([
    [
      'a misspelt subject',
      { subject: SUBJECT.replace('service', 'servcie') },
      'subject',
      `${SUBJECT.replace('service', 'servcie')} is not known: no policy, workloads.yaml or stored record names it, ${STORED}; did you mean ${SUBJECT}?`,
    ],
    [
      'a subject in another case',
      { subject: SUBJECT.replace('orders', 'Orders') },
      'subject',
      `${SUBJECT.replace('orders', 'Orders')} is not known: no policy, workloads.yaml or stored record names it, ${STORED}; did you mean ${SUBJECT}?`,
    ],
    [
      'a subject that resembles no other',
      { subject: STRANGER },
      'subject',
      `${STRANGER} is not known: no policy, workloads.yaml or stored record names it, ${STORED}`,
    ],
    [
      'a policy',
      { policy: 'read-orders' },
      'policy',
      `read-orders is not known: no policy or stored record names it, ${STORED}; did you mean reads-orders?`,
    ],
    [
      'an audience',
      { audience: 'orders_db' },
      'audience',
      `orders_db is not known: no policy, roles.yaml, resource_servers or stored record names it, ${STORED}; did you mean orders-db?`,
    ],
    [
      'a location below one that a policy names',
      { resource: 'orders-db/shipmnets' },
      'resource',
      `orders-db/shipmnets is not known: no policy, resources.yaml, roles.yaml or stored record names it, ${STORED}; did you mean orders-db/shipments?`,
    ],
    [
      'a task',
      { task: 'deploy-24' },
      'task',
      `deploy-24 is not known: no stored record names it, ${STORED}; did you mean deploy-42?`,
    ],
    [
      'a running workload',
      { workload: 'i-0abd' },
      'workload',
      `i-0abd is not known: no stored record names it, ${STORED}; did you mean i-0abc?`,
    ],
    [
      'a bundle',
      { policyBundle: 'ab'.repeat(32) },
      'policyBundle',
      `${'ab'.repeat(32)} is not known: no deployed bundle or stored record names it, ${STORED}`,
    ],
    [
      'a token',
      { tokenId: '11111111-2222-4333-8444-555555555555' },
      'tokenId',
      `11111111-2222-4333-8444-555555555555 is not known: no stored record names it, ${STORED}`,
    ],
    [
      'one property next to a known one',
      { subject: SUBJECT, policy: 'writes-shipment' },
      'policy',
      `writes-shipment is not known: no policy or stored record names it, ${STORED}; did you mean writes-shipments?`,
    ],
  ])('is %s', async (_what, selector, member, problem) => {
    expect(await find(selector)).toEqual({ member, problem });
  });

  it('reads at most the newest 1,000 records for a name to suggest', async () => {
    const { page } = tvm.index;
    let pages = 0;
    tvm.index.page = async (query) => {
      if (query.at[0]?.dimension !== 'all') return page(query);
      pages++;
      return { ...(await page(query)), next: 'more' };
    };
    expect(await find({ subject: STRANGER })).toMatchObject({ member: 'subject' });
    expect(pages).toBe(10);
  });
});
