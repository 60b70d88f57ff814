import * as z from 'zod';

/** No `.` or `..`, nothing empty, no query, no fragment, no control character, no half of a surrogate pair. */
const SEGMENT = /^(?!\.{1,2}$)[^/?#\\\p{Cc}\p{Cs}]+$/u;

const isPath = (text: string) => text.length <= 1_024 && text.split('/').every((segment) => SEGMENT.test(segment));

/**
 * A path of Vault's API without `/v1/` before it. It must not end in a period: Vault finds no such path.
 *
 * @see https://developer.hashicorp.com/vault/api-docs#parameter-restrictions
 */
export const vaultPath = z
  .string({ error: 'must be a path in Vault' })
  .refine((text) => isPath(text) && !text.endsWith('.') && !text.startsWith('v1/'), {
    error:
      'must be a path in Vault, such as secret/data/app: without v1/ before it, without a slash at its start or end, ' +
      'without . or .. in it and without a query',
  });

/** Where an auth method is mounted, without `auth/` before it. */
export const mountPath = z
  .string({ error: 'must be a path' })
  .refine((text) => isPath(text) && !text.endsWith('.') && !text.startsWith('auth/'), {
    error:
      'must be where the auth method is mounted, such as approle: without auth/ before it, and no slash at its end',
  });

/**
 * A path as a URL takes it: each segment is encoded, so that none can become a query or another path.
 *
 * @param path one that `vaultPath` allows
 */
export function encodedPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
