import { readStrictJson } from '@tvm/contract/strict-json.ts';
import { isMapping } from '../settings/fault.ts';
import type { PublicJwk } from './trust-entry.ts';
import { keyProblem } from './verify-signature.ts';

/** Maximum number of keys in a set. */
const MAX_KEYS = 100;

/** The parameters of a key that verification reads. Certificates, for example, are dropped. */
const PARAMETERS = ['kty', 'kid', 'alg', 'use', 'key_ops', 'n', 'e', 'crv', 'x', 'y'];

/** The keys of a set that can verify proofs, and the problems of all others. */
export interface KeySet {
  keys: PublicJwk[];
  /** Each problem completes a sentence about the key at an index. */
  unusable: { index: number; problem: string }[];
}

/**
 * Reads a JSON Web Key Set (RFC 7517, section 5). A key that cannot verify a proof does not prevent the use of another.
 *
 * @returns the set, or the problem, which completes a sentence about it
 */
export function readKeySet(text: string): KeySet | { problem: string } {
  const json = readStrictJson(text);
  if (!json.ok) return { problem: 'duplicate' in json ? 'must have each member only once' : json.problem };
  const written = isMapping(json.value) ? json.value.keys : undefined;
  if (!Array.isArray(written)) return { problem: 'must be a JSON Web Key Set: an object with a list of keys' };
  if (written.length > MAX_KEYS) return { problem: `must have at most ${MAX_KEYS} keys` };
  const set: KeySet = { keys: [], unusable: [] };
  for (const [index, key] of written.entries()) {
    const problem = problemOf(key);
    if (problem !== undefined) set.unusable.push({ index, problem });
    else
      set.keys.push(
        Object.fromEntries(PARAMETERS.flatMap((name) => (name in key ? [[name, key[name]]] : []))) as PublicJwk,
      );
  }
  return set;
}

function problemOf(key: unknown): string | undefined {
  if (!isMapping(key)) return 'must be an object';
  for (const name of ['kty', 'kid', 'alg', 'use'] as const) {
    if (key[name] !== undefined && typeof key[name] !== 'string') return `must have a text as ${name}`;
  }
  return typeof key.kty === 'string' ? keyProblem(key as PublicJwk) : 'must have a kty';
}
