import { deflateSync } from 'node:zlib';
import type { StatusLists } from '@tvm/core/status-lists/ports.ts';
import type { StatusList } from '@tvm/core/status-lists/published-status-list.ts';
import {
  compress,
  decompress,
  emptyBits,
  isInvalid,
  publish,
  type StatusListRules,
  withInvalid,
} from '@tvm/core/status-lists/status-list.ts';
import { updateStatusLists } from '@tvm/core/status-lists/update-status-lists.ts';
import { localKeys } from '#test/fakes/local-keys.ts';
import { report } from './apart.ts';
import { CheckFailed } from './check.ts';
import { type Comparison, compare } from './measure.ts';

const ROUNDS = 5;
const TOKENS = 1_000_000;
const SHARES = [0, 0.01, 0.5];

/** Measurements of a status list of a million tokens, by the share of revoked tokens. Sizes in bytes. */
export interface StatusListByRevoked {
  /** The share of its tokens that is revoked. */
  revoked: number;
  bits: number;
  compressed: number;
  token: number;
  /** The cost of one more revocation: read, set, compress, sign. The ratio is to deflating the same bits. */
  rebuild: Comparison;
  deflate: Comparison;
}

/** Compares one more revocation in a list of a million tokens with deflating the same bits. */
export async function statusLists(): Promise<StatusListByRevoked[]> {
  const { signer } = await localKeys('ES256');
  const rules: StatusListRules = { issuer: 'https://tokens.example.com/v1', size: TOKENS, ttl: 60, validity: 900 };
  const results: StatusListByRevoked[] = [];
  for (const revoked of SHARES) {
    const indexes = scattered(TOKENS * revoked);
    const bits = withInvalid(emptyBits(TOKENS), indexes, TOKENS);
    const compressed = compress(bits);
    const published = await publish(1, compressed, rules, signer, Date.now());
    const { keyId } = await signer.key();
    const before: StatusList = { ...published, list: 1, version: 1, places: TOKENS, compressed, keyId };
    const another = Array.from({ length: 100 }, (_, index) => index).find((index) => !isInvalid(bits, index)) ?? 0;

    let after: StatusList | undefined;
    const lists: StatusLists = {
      span: async () => ({ oldest: 1, current: 1 }),
      get: async () => before,
      published: async () => before,
      retire: async () => {},
      put: async (list) => {
        after = list;
        return true;
      },
    };
    const rebuild = () => updateStatusLists([{ list: 1, index: another }], rules, { lists, signer, clock: Date });
    await rebuild();
    if (after === undefined || !isInvalid(decompress(after.compressed), another)) {
      throw new CheckFailed('a revocation is not in the list that was published');
    }
    const costs = await compare({ deflate: async () => deflateSync(bits, { level: 9 }), rebuild }, ROUNDS);
    results.push({
      revoked,
      bits: bits.length,
      compressed: compressed.length,
      token: published.token.length,
      ...costs,
    });
  }
  return results;
}

/** Returns `count` indexes, spread over a list, the same in each run. */
function scattered(count: number): number[] {
  const indexes = new Set<number>();
  // The linear congruential generator of Numerical Recipes. The only requirement is that its output does not compress.
  for (let state = 1; indexes.size < count; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    indexes.add(Math.floor((state / 2 ** 32) * TOKENS));
  }
  return [...indexes];
}

if (import.meta.main) await report(statusLists);
