import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { indexTokens } from '@tvm/core/records/index-tokens.ts';
import { expect, it } from 'vitest';
import { asking, from, inMemoryService, rules, SUBJECT } from '#test/fakes/in-memory-service.ts';

type Machine = Awaited<ReturnType<typeof inMemoryService>>;

async function decided(...requests: ReturnType<typeof asking>[]) {
  const tvm = await inMemoryService();
  for (const request of requests) await issueToken(request, from, rules, tvm);
  return { tvm, tokenIds: [...tvm.records.states.keys()] };
}

const foundIn = async ({ index, clock }: Machine, kinds: ('issued' | 'denied')[]) =>
  (
    await index.page({
      kinds,
      at: [{ dimension: 'subject', value: SUBJECT }],
      since: 0,
      until: clock.time,
      limit: 10,
    })
  ).tokenIds;

it('makes tokens and denials findable', async () => {
  const { tvm, tokenIds } = await decided(asking(), asking({ audience: 'billing' }));
  const [token = '', denial = ''] = tokenIds;
  expect(await indexTokens(tokenIds, tvm)).toEqual([
    { tokenId: token, done: true },
    { tokenId: denial, done: true },
  ]);
  expect(await foundIn(tvm, ['issued'])).toEqual([token]);
  expect(await foundIn(tvm, ['denied'])).toEqual([denial]);
});

it('reports which records could not be indexed, and indexes the others', async () => {
  const { tvm, tokenIds } = await decided(asking(), asking({ reason: 'again' }));
  const [first = '', second = ''] = tokenIds;
  const index: Machine['index'] = {
    ...tvm.index,
    add: (record) => (record.tokenId === first ? Promise.reject(new Error('throttled')) : tvm.index.add(record)),
  };
  const missing = '00000000-0000-4000-8000-00000000ffff';
  expect(await indexTokens([first, second, missing], { ...tvm, index })).toMatchObject([
    { tokenId: first, done: false, why: { message: 'throttled' } },
    { tokenId: second, done: true },
    { tokenId: missing, done: false },
  ]);
});
