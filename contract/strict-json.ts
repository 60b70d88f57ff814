import { limits } from './limits.ts';

/** The value of a JSON text; or the problem, which completes a sentence about the text; or a duplicate key. */
export type StrictJson =
  | { ok: true; value: unknown }
  | { ok: false; problem: string }
  | { ok: false; duplicate: string };

// Matches the strings, brackets and colons of well-formed JSON.
const JSON_TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/**
 * Parses JSON so that no other parser can read the same text differently.
 *
 * Refuses what `JSON.parse` silently accepts in well-formed JSON: a duplicate key, nesting below
 * {@link limits.jsonDepth} levels, and half of a surrogate pair, which becomes another character when it is written as
 * UTF-8 (RFC 7493, sections 2.1 and 2.3).
 */
export function readStrictJson(text: string): StrictJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'must be well-formed JSON' };
  }
  const open: Set<string>[] = [];
  let lastString = '""';
  for (const [token] of text.matchAll(JSON_TOKENS)) {
    if (token === '{' || token === '[') {
      if (open.push(new Set()) > limits.jsonDepth) {
        return { ok: false, problem: `must be nested at most ${limits.jsonDepth} levels deep` };
      }
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token !== ':') {
      if (token.includes('\\u') && !JSON.parse(token).isWellFormed()) {
        return { ok: false, problem: 'must not escape half of a surrogate pair' };
      }
      lastString = token;
    } else {
      const member: string = JSON.parse(lastString);
      const members = open.at(-1);
      if (members?.has(member)) return { ok: false, duplicate: member };
      members?.add(member);
    }
  }
  return { ok: true, value };
}
