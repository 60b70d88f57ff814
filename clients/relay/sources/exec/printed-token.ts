import * as z from 'zod';
import { parseExactly, valueTexts } from '../../model/exact-json.ts';
import { SourceFailure } from '../../model/source.ts';
import type { Token } from '../../model/token.ts';
import { bearerToken } from '../bearer-token.ts';
import { endOfJwt, endOfLifetime, momentOf } from '../expiry.ts';

type Printed = Pick<Token, 'values' | 'expiresAt'>;

const text = z.string().min(1);
/** Members that may be absent or null. Their values are checked by `endOf`. */
const end = { expires_in: z.unknown().optional(), expiration: z.unknown().optional() };

const printedJson = z.union([
  z.object({ token: text, values: z.null().optional(), ...end }),
  z.object({ token: z.null().optional(), values: z.record(z.string(), z.unknown()), ...end }),
]);

const awsCredentials = z.object({
  Version: z.literal(1),
  AccessKeyId: text,
  SecretAccessKey: text,
  SessionToken: text.nullish(),
  Expiration: z.unknown().optional(),
});

/**
 * Parses the output of a command, by format.
 *
 * @param command the command's name for error messages
 * @param fetchedAt when the command was started, in milliseconds since the epoch
 * @throws {SourceFailure} without any of the output in its message
 */
export const printedFormats = {
  raw(printed: string, command: string): Printed {
    const token = bearerToken(printed.replace(/\r?\n$/, ''), command, 'token');
    return { values: { token }, ...ending(endOfJwt(token)) };
  },

  json(printed: string, command: string, fetchedAt: number): Printed {
    const wanted = 'JSON with a token, or with values';
    const { token, values, expires_in, expiration } = parsed(printedJson, printed, command, wanted, parseExactly);
    const texts = valueTexts(values ?? {});
    if (!token && Object.keys(texts).length === 0) {
      throw new SourceFailure(`${command} did not print ${wanted}`);
    }
    return {
      values: !token ? texts : { token: bearerToken(token, command, 'token') },
      ...ending(endOf(expires_in, expiration, command, fetchedAt) ?? endOfJwt(token ?? '')),
    };
  },

  /** @see https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sourcing-external.html */
  'credential-process'(printed: string, command: string, fetchedAt: number): Printed {
    const wanted = 'JSON with Version 1, AccessKeyId and SecretAccessKey';
    const credentials = parsed(awsCredentials, printed, command, wanted);
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = credentials;
    return {
      values: {
        access_key_id: AccessKeyId,
        secret_access_key: SecretAccessKey,
        ...(SessionToken && { session_token: SessionToken }),
      },
      ...ending(endOf(undefined, Expiration, command, fetchedAt)),
    };
  },
} satisfies Record<string, (printed: string, command: string, fetchedAt: number) => Printed>;

function parsed<Schema extends z.ZodType>(
  schema: Schema,
  printed: string,
  command: string,
  wanted: string,
  parse: (text: string) => unknown = JSON.parse,
) {
  try {
    const { success, data } = schema.safeParse(parse(printed));
    if (success) return data as z.infer<Schema>;
  } catch {
    // The parser's message would quote the output.
  }
  throw new SourceFailure(`${command} did not print ${wanted}`);
}

function endOf(lifetime: unknown, expiration: unknown, command: string, fetchedAt: number): number | undefined {
  const hasLifetime = lifetime !== undefined && lifetime !== null;
  if (!hasLifetime && (expiration === undefined || expiration === null)) return undefined;
  const expiresAt = hasLifetime ? endOfLifetime(lifetime, fetchedAt) : momentOf(expiration);
  if (expiresAt === undefined) {
    throw new SourceFailure(
      hasLifetime
        ? `${command} printed an expires_in that is not a number of seconds`
        : `${command} printed an expiration that is not a time such as 2026-01-01T12:00:00Z`,
    );
  }
  return expiresAt;
}

function ending(expiresAt: number | undefined): Pick<Token, 'expiresAt'> {
  return expiresAt === undefined ? {} : { expiresAt };
}
