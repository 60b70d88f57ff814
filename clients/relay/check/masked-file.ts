import type { Token } from '../model/token.ts';
import { render } from '../outputs/render.ts';
import type { FileOutputSettings } from '../settings/outputs.ts';

/**
 * Renders a file with each value of the token replaced by its length, such as `•••• (912 characters)`.
 *
 * Renders placeholders instead of the values, so that no part of a value can leak, however a format escapes it.
 *
 * @throws {OutputFailure} if the token cannot be written in this format
 */
export function maskedFile(settings: FileOutputSettings, name: string, token: Token): string {
  // Render the real values first: the format may reject them, but accept the placeholders.
  render(settings, name, token);
  const names = Object.keys(token.values);
  const standIns = names.map((_, at) => `masked${at}value`);
  const values = Object.fromEntries(names.map((name, at) => [name, standIns[at] ?? '']));
  const text = render(settings, name, { ...token, values });
  return names.reduce((masked, name, at) => {
    const standIn = standIns[at] ?? '';
    const mask = `•••• (${token.values[name]?.length} characters)`;
    return masked.replaceAll(standIn, mask).replaceAll(Buffer.from(standIn).toString('base64'), mask);
  }, text);
}
