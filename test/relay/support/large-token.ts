import { createHash } from 'node:crypto';
import type { Token } from 'tokenrelay/model/token.ts';

/** The size of a large token: writing it takes a while, and an incomplete one is detected. */
const CHARACTERS = 65_536;

export function largeToken(seed: string): Token {
  const text = createHash('sha256')
    .update(seed)
    .digest('hex')
    .repeat(CHARACTERS / 64);
  return { values: { token: `${text}.${digest(text)}` }, fetchedAt: 0 };
}

/** Reports whether a file in the format json holds one complete large token. */
export function isWhole(content: string): boolean {
  const [, text = '', sum] = /^\{"token":"([0-9a-f]+)\.([\w-]+)"\}\n$/.exec(content) ?? [];
  return text.length === CHARACTERS && sum === digest(text);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
