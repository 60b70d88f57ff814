import * as z from 'zod';
import { SourceFailure } from '../model/source.ts';

/** The names of what is taken of a secret. */
export const secretNames = z
  .array(z.string().min(1).max(256), { error: 'must be a list of names' })
  .min(1, { error: 'must hold a name' })
  .optional()
  .meta({ description: 'Only these of the secret’s values. Default: all.' });

/**
 * The values of a secret as text: numbers and booleans as JSON writes them. All of them, or `only` these.
 *
 * @param secret how sentences call it; a path is no secret
 * @throws {SourceFailure} naming the one that is missing, empty, or no text
 */
export function textValues(
  data: Readonly<Record<string, unknown>>,
  secret: string,
  only: readonly string[] | undefined,
): Record<string, string> {
  const names = only ?? Object.keys(data);
  if (names.length === 0) throw new SourceFailure(`${secret} holds no value`);
  return Object.fromEntries(names.map((name) => [name, textOf(data, name, secret)]));
}

function textOf(data: Readonly<Record<string, unknown>>, name: string, secret: string): string {
  const value = Object.hasOwn(data, name) ? data[name] : undefined;
  const fault = faultOf(value);
  if (fault !== undefined) throw new SourceFailure(`${secret}: the value ${shown(name)} ${fault}`);
  return String(value);
}

function faultOf(value: unknown): string | undefined {
  if (value === undefined) return 'is not there';
  if (value === '') return 'is empty; leave it out by naming the others in fields';
  if (typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value !== 'number') return 'is no text; leave it out by naming the others in fields';
  // JSON has lost digits of it by now.
  const isExact = !Number.isInteger(value) || Number.isSafeInteger(value);
  return isExact ? undefined : 'is too large a number to be read exactly; it must be kept as text';
}

/** Whoever writes the secret chooses its names: what could break a line of a log is escaped. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
