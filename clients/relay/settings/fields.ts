import { isAbsolute, normalize } from 'node:path';
import { isLoopback } from '@tvm/api/loopback.ts';
import * as z from 'zod';

/** The name of a token. It is also used in URLs and file names. */
export const tokenName = z.string({ error: 'must be a name' }).regex(/^[A-Za-z0-9][\w.-]{0,63}$/, {
  error: 'must be up to 64 letters, digits, dots, hyphens and underscores, and start with a letter or digit',
});

export const absolutePath = z
  .string({ error: 'must be an absolute path' })
  .refine((path) => isAbsolute(path) && !path.includes('\0') && normalize(path) === path && !path.endsWith('/'), {
    error: 'must be an absolute path, such as /run/tokenrelay/token.json, without . or .. in it',
  });

/**
 * The permissions of a file in the octal form of `chmod`, such as `"0640"`. Parsed to a number.
 *
 * Only text is accepted. YAML 1.2 reads `0640` without quotes as the number 640 and `0o640` as 416, so a number does
 * not tell which mode was meant.
 */
export const fileMode = z
  .string({ error: 'must be in quotes, such as "0640": without quotes YAML reads a different number' })
  .regex(/^0?[0-7]{3}$/, { error: 'must be a 0 and three octal digits, such as "0640"' })
  .transform((digits) => Number.parseInt(digits, 8));

const ACCOUNT = 'must be the name or the numeric id of a user or group on this machine';

/**
 * Names that `getent` may know, also of directories: `app.svc`, `DOMAIN\user`, `user@domain`. The relaxed rules of
 * systemd (systemd.io/USER_NAMES). With a domain also inner spaces: `DOMAIN\domain users`. Never a number or an option.
 */
const ACCOUNT_NAME =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no name contains a control character
  /^(?!\d+$)(?=\S+$|.*[\\@])[^-+\s:/\x00-\x1f\x7f-\x9f](?:[^:/\x00-\x1f\x7f-\x9f]{0,254}[^\s:/\x00-\x1f\x7f-\x9f])?$/;

/** The name or the numeric id of a user or group on this machine. */
export const account = z.union(
  [z.string().regex(ACCOUNT_NAME, { error: ACCOUNT }), z.int().min(0, { error: ACCOUNT })],
  { error: ACCOUNT },
);

/** A command and its arguments, run without a shell. */
export const argv = z
  .array(
    z.string().refine((word) => !word.includes('\0')),
    { error: 'must be a list: a command and its arguments' },
  )
  .min(1, { error: 'must contain a command' })
  .refine(([command = '']) => isAbsolute(command), { error: 'must start with the absolute path of a command' });

export const signal = z.enum(['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGTERM'], {
  error: 'must be SIGHUP, SIGUSR1, SIGUSR2, SIGINT or SIGTERM',
});

/** A duration in seconds, at most one hour. */
export const seconds = z
  .number({ error: 'must be a number of seconds' })
  .positive({ error: 'must be greater than zero' })
  .max(3_600, { error: 'must be at most 3600' });

/** A fraction between 0 and 1, both exclusive. */
export const share = z
  .number({ error: 'must be a number between 0 and 1' })
  .gt(0, { error: 'must be greater than 0' })
  .lt(1, { error: 'must be less than 1' });

/** The URL of an issuer. `isIssuerUrl` decides where plain http is allowed. */
export const issuerUrl = z.string({ error: 'must be a URL' }).refine(isIssuerUrl, {
  error: 'must be an https URL without a user name or a fragment; http is allowed only on loopback',
});

/** Reports whether a URL uses `https`, or `http` on loopback. */
export function isIssuerUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username || url.password || url.hash) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}
