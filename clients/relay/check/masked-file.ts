import type { Token } from '../model/token.ts';
import { render } from '../outputs/render.ts';
import type { FileOutputSettings } from '../settings/outputs.ts';

/**
 * What a file would hold, with each value of the token replaced by its length, as in `•••• (912 characters)`.
 *
 * It is made of stand-ins: no part of a value reaches it, however a format escapes.
 *
 * @throws {OutputFailure} when the token itself cannot be written there
 */
export function maskedFile(settings: FileOutputSettings, name: string, token: Token): string {
  // The stand-ins would fit where the values themselves do not.
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
