import type { Token } from '../../model/token.ts';
import { type Escaper, escaperNames, escapers } from '../escapers.ts';
import { expirationTimestamp } from '../expiration-timestamp.ts';
import { shown, Unwritable } from '../unwritable.ts';
import type { Format } from './format.ts';

interface Placeholder {
  name: string;
  write: Escaper;
}

/**
 * Text with placeholders `{{ name | escaper }}`, where the name is that of a value or `expiration_timestamp`. There is
 * nothing else in it: no condition, no loop, no way to write `{{` itself.
 */
export const template: Format = (token, _tokenName, settings) => {
  const parts = parse(settings.template ?? '');
  if (typeof parts === 'string') throw new Unwritable(`its template ${parts}`);
  return parts
    .map((part) => (typeof part === 'string' ? part : part.write(valueFor(part.name, token), part.name)))
    .join('');
};

/** What is wrong with a template whatever the token, as a sentence's end; nothing when it is right. */
export function templateFault(text: string): string | undefined {
  const parts = parse(text);
  return typeof parts === 'string' ? parts : undefined;
}

/** The names of the values that a template writes; none when it is wrong. */
export function templateNames(text: string): string[] {
  const parts = parse(text);
  return typeof parts === 'string' ? [] : parts.flatMap((part) => (typeof part === 'string' ? [] : [part.name]));
}

function valueFor(name: string, token: Token): string {
  const known = Object.hasOwn(token.values, name) ? token.values[name] : undefined;
  const expires = name === 'expiration_timestamp' ? expirationTimestamp(token) : undefined;
  if (known !== undefined && expires !== undefined) {
    throw new Unwritable('its value "expiration_timestamp" has the name under which a template finds when it ends');
  }
  const value = known ?? expires;
  if (value === undefined) throw new Unwritable(`it has no ${shown(name)}, which its template names`);
  return value;
}

/** Its texts and placeholders, or what is wrong with it. */
function parse(text: string): (string | Placeholder)[] | string {
  const parts: (string | Placeholder)[] = [];
  let rest = 0;
  for (let open = text.indexOf('{{'); open !== -1; open = text.indexOf('{{', rest)) {
    const close = text.indexOf('}}', open);
    if (close === -1) return `opens {{ at character ${open + 1} and never closes it with }}`;
    const placeholder = placeholderOf(text.slice(open + 2, close));
    if (typeof placeholder === 'string') return placeholder;
    parts.push(text.slice(rest, open), placeholder);
    rest = close + 2;
  }
  parts.push(text.slice(rest));
  return parts;
}

function placeholderOf(inner: string): Placeholder | string {
  const [name = '', escaper = '', ...more] = inner.split('|').map((word) => word.trim());
  if (!name || !escaper || more.length > 0 || /[{}]/.test(inner)) {
    return `has {{${inner.slice(0, 64)}}}, where {{ name | escaper }} would be right, such as {{ token | json }}`;
  }
  const write = Object.hasOwn(escapers, escaper) ? escapers[escaper as keyof typeof escapers] : undefined;
  if (write === undefined) return `names the escaper ${shown(escaper)}, and there are only ${escaperNames}`;
  return { name, write };
}
