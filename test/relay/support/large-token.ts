import { createHash } from 'node:crypto';
import type { Token } from 'tokenrelay/model/token.ts';

/** So large that writing it takes a while, and so that a part of it is told from the whole. */
const CHARACTERS = 65_536;

export function largeToken(seed: string): Token {
  const text = createHash('sha256')
    .update(seed)
    .digest('hex')
    .repeat(CHARACTERS / 64);
  return { values: { token: `${text}.${digest(text)}` }, fetchedAt: 0 };
}

/** Whether a file of the format json holds one large token, whole. */
export function isWhole(content: string): boolean {
  const [, text = '', sum] = /^\{"token":"([0-9a-f]+)\.([\w-]+)"\}\n$/.exec(content) ?? [];
  return text.length === CHARACTERS && sum === digest(text);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
