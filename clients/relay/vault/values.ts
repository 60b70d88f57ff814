import * as z from 'zod';
import { SourceFailure } from '../model/source.ts';

/** The names of the values to take from a secret. */
export const secretNames = z
  .array(z.string().min(1).max(256), { error: 'must be a list of names' })
  .min(1, { error: 'must contain a name' })
  .optional()
  .meta({ description: 'The values of the secret to use. Default: all.' });

/**
 * Returns the values of a secret as text, with numbers and booleans in their JSON form.
 *
 * @param secret the secret's path, for messages. A path is not secret
 * @param only the names of the values to return. Default: all
 * @throws {SourceFailure} naming the value that is missing, empty, or not text
 */
export function textValues(
  data: Readonly<Record<string, unknown>>,
  secret: string,
  only: readonly string[] | undefined,
): Record<string, string> {
  const names = only ?? Object.keys(data);
  if (names.length === 0) throw new SourceFailure(`${secret} contains no value`);
  return Object.fromEntries(names.map((name) => [name, textOf(data, name, secret)]));
}

function textOf(data: Readonly<Record<string, unknown>>, name: string, secret: string): string {
  const value = Object.hasOwn(data, name) ? data[name] : undefined;
  const fault = faultOf(value);
  if (fault !== undefined) throw new SourceFailure(`${secret}: the value ${shown(name)} ${fault}`);
  return String(value);
}

function faultOf(value: unknown): string | undefined {
  if (value === undefined) return 'does not exist';
  if (value === '') return 'is empty; exclude it by listing the others in fields';
  if (typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value !== 'number') return 'is not text; exclude it by listing the others in fields';
  // JSON.parse has already lost digits of a larger number.
  const isExact = !Number.isInteger(value) || Number.isSafeInteger(value);
  return isExact ? undefined : 'is a number that is too large to be exact; store it as text';
}

/** Quotes a name. The author of the secret chooses it, so characters that could break a log line are escaped. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
