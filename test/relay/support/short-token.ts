import type { Token } from 'tokenrelay/model/token.ts';

/** Returns a token of 8 KiB that starts with the seed's character. */
export function shortToken(seed: string): Token {
  return { values: { token: seed + 'hidden'.repeat(1_365) }, fetchedAt: 0 };
}
