import type { Token } from 'tokenrelay/model/token.ts';

/** A token of 8 KiB whose first character is that of its seed. */
export function shortToken(seed: string): Token {
  return { values: { token: seed + 'hidden'.repeat(1_365) }, fetchedAt: 0 };
}
