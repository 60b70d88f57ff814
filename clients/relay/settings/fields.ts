import { isAbsolute, normalize } from 'node:path';
import { isLoopback } from '@tvm/api/loopback.ts';
import * as z from 'zod';

/** The name of a token: also part of URLs and file names. */
export const tokenName = z.string({ error: 'must be a name' }).regex(/^[A-Za-z0-9][\w.-]{0,63}$/, {
  error: 'must be up to 64 letters, digits, dots, hyphens and underscores, and start with a letter or digit',
});

export const absolutePath = z
  .string({ error: 'must be an absolute path' })
  .refine((path) => isAbsolute(path) && !path.includes('\0') && normalize(path) === path && !path.endsWith('/'), {
    error: 'must be an absolute path, such as /run/tokenrelay/token.json, without . or .. in it',
  });

/**
 * Permissions of a file, as `chmod` takes them: `"0640"`. Read as the number they are.
 *
 * Only text is taken: YAML 1.2 reads `0640` without quotes as the number 640, and `0o640` as 416, so that of a number
 * nobody can tell which mode was meant.
 */
export const fileMode = z
  .string({ error: 'must be in quotes, as in "0640": without them YAML reads another number' })
  .regex(/^0?[0-7]{3}$/, { error: 'must be three octal digits after a 0, as in "0640"' })
  .transform((digits) => Number.parseInt(digits, 8));

const ACCOUNT = 'must be the name or the number of a user or group of this machine';

/** A user or group of this machine: its name or its number. */
export const account = z.union(
  [z.string().regex(/^[a-z_][a-z0-9_-]{0,31}\$?$/, { error: ACCOUNT }), z.int().min(0, { error: ACCOUNT })],
  { error: ACCOUNT },
);

/** A command and its arguments. No shell reads it. */
export const argv = z
  .array(
    z.string().refine((word) => !word.includes('\0')),
    { error: 'must be a list: a command and its arguments' },
  )
  .min(1, { error: 'must hold a command' })
  .refine(([command = '']) => isAbsolute(command), { error: 'must start with the absolute path of a command' });

export const signal = z.enum(['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGTERM'], {
  error: 'must be SIGHUP, SIGUSR1, SIGUSR2, SIGINT or SIGTERM',
});

/** A time in seconds, of at most an hour. */
export const seconds = z
  .number({ error: 'must be a number of seconds' })
  .positive({ error: 'must be greater than zero' })
  .max(3_600, { error: 'must be 3600 at most' });

/** A part of a whole, between 0 and 1. */
export const share = z
  .number({ error: 'must be a number between 0 and 1' })
  .gt(0, { error: 'must be greater than 0' })
  .lt(1, { error: 'must be less than 1' });

/** An address of an issuer; where plain http is allowed at all is settled by `isIssuerUrl`. */
export const issuerUrl = z
  .string({ error: 'must be a URL' })
  .refine(isIssuerUrl, { error: 'must be an https URL; http only on loopback, and without a user name or a fragment' });

/** `https`, or `http` on loopback. */
export function isIssuerUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username || url.password || url.hash) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

/** A proxy: the way to it may be plain, as what goes through it is TLS. Its password, if any, is a secret of its own. */
export const proxyUrl = z.string({ error: 'must be a URL' }).refine(
  (text) => {
    const url = URL.parse(text);
    return url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.password && url.pathname === '/';
  },
  { error: 'must be the http or https URL of a proxy, such as http://proxy.example.com:3128' },
);

/** How a source reaches its issuer over TLS. */
export const transportFields = {
  ca_file: absolutePath.optional().meta({ description: 'Certificates (PEM) to trust in place of the public ones.' }),
  client_certificate: z
    .strictObject({
      cert_path: absolutePath.meta({ description: 'The certificate, and those between it and its issuer.' }),
      key_path: absolutePath.meta({ description: 'Its private key.' }),
    })
    .optional()
    .meta({ description: 'The certificate and the key (PEM) to show the issuer.' }),
  proxy: proxyUrl
    .optional()
    .meta({ description: 'A proxy to connect through (CONNECT). Never used for loopback or metadata addresses.' }),
  timeout_seconds: seconds
    .optional()
    .meta({ description: 'How long one answer may take in all, in seconds. Default: 10.' }),
};
export type Transport = z.infer<z.ZodObject<typeof transportFields>>;
