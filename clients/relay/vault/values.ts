import * as z from 'zod';
import { valueTexts } from '../model/exact-json.ts';
import { SourceFailure } from '../model/source.ts';

/** The names of the values to take from a secret. */
export const secretNames = z
  .array(z.string().min(1).max(256), { error: 'must be a list of names' })
  .min(1, { error: 'must contain a name' })
  .optional()
  .meta({
    description: 'The values of the secret to use. Default: all. A value that is not text is JSON; null is no value.',
  });

/**
 * Returns the values of a secret as text: a string unchanged, and any other value as JSON. A value that is null is left
 * out, so that it matters only to an output that needs it.
 *
 * @param data from `parseExactly`
 * @param secret the secret's path, for messages. A path is not secret
 * @param only the names of the values to return. Default: all
 * @throws {SourceFailure} if there is no value, or naming the value that does not exist
 */
export function textValues(
  data: Readonly<Record<string, unknown>>,
  secret: string,
  only: readonly string[] | undefined,
): Record<string, string> {
  const missing = only?.find((name) => !Object.hasOwn(data, name));
  if (missing !== undefined) throw new SourceFailure(`${secret}: the value ${shown(missing)} does not exist`);
  const texts = valueTexts(only === undefined ? data : Object.fromEntries(only.map((name) => [name, data[name]])));
  if (Object.keys(texts).length === 0) throw new SourceFailure(`${secret} contains no value`);
  return texts;
}

/** Quotes a name. The author of the secret chooses it, so characters that could break a log line are escaped. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
