import * as z from 'zod';

/** A non-empty segment other than `.` and `..`, without query, fragment, control character or lone surrogate. */
const SEGMENT = /^(?!\.{1,2}$)[^/?#\\\p{Cc}\p{Cs}]+$/u;

const isPath = (text: string) => text.length <= 1_024 && text.split('/').every((segment) => SEGMENT.test(segment));

/**
 * A path of Vault's API, without the `/v1/` prefix. Vault does not support paths that end with a period.
 *
 * @see https://developer.hashicorp.com/vault/api-docs#parameter-restrictions
 */
export const vaultPath = z
  .string({ error: 'must be a path in Vault' })
  .refine((text) => isPath(text) && !text.endsWith('.') && !text.startsWith('v1/'), {
    error:
      'must be a path in Vault, such as secret/data/app: without the prefix v1/, without a slash at its start ' +
      'or end, without . or .. segments and without a query',
  });

/** The mount path of an auth method, without the `auth/` prefix. */
export const mountPath = z
  .string({ error: 'must be a path' })
  .refine((text) => isPath(text) && !text.endsWith('.') && !text.startsWith('auth/'), {
    error: 'must be the mount path of the auth method, such as approle: without the prefix auth/ or a slash at its end',
  });

/**
 * Encodes a path for a URL. Each segment is encoded, so that it cannot become a query or another path.
 *
 * @param path a path that `vaultPath` accepts
 */
export function encodedPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
