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
 * Text with placeholders `{{ name | escaper }}`. The name is that of a value or `expiration_timestamp`. There are no
 * conditions, no loops, and no escape for a literal `{{`.
 */
export const template: Format = (token, _tokenName, settings) => {
  const parts = parse(settings.template ?? '');
  if (typeof parts === 'string') throw new Unwritable(`its template ${parts}`);
  return parts
    .map((part) => (typeof part === 'string' ? part : part.write(valueFor(part.name, token), part.name)))
    .join('');
};

/** Returns the syntax error of a template as a clause, or undefined if the template is valid. */
export function templateFault(text: string): string | undefined {
  const parts = parse(text);
  return typeof parts === 'string' ? parts : undefined;
}

/** Returns the names of the values in a template, or none if the template is invalid. */
export function templateNames(text: string): string[] {
  const parts = parse(text);
  return typeof parts === 'string' ? [] : parts.flatMap((part) => (typeof part === 'string' ? [] : [part.name]));
}

function valueFor(name: string, token: Token): string {
  const known = Object.hasOwn(token.values, name) ? token.values[name] : undefined;
  const expires = name === 'expiration_timestamp' ? expirationTimestamp(token) : undefined;
  if (known !== undefined && expires !== undefined) {
    throw new Unwritable('its value "expiration_timestamp" has the name that templates use for the expiry');
  }
  const value = known ?? expires;
  if (value === undefined) throw new Unwritable(`it has no ${shown(name)}, which the template uses`);
  return value;
}

/** Parses a template into texts and placeholders, or returns the syntax error. */
function parse(text: string): (string | Placeholder)[] | string {
  const parts: (string | Placeholder)[] = [];
  let rest = 0;
  for (let open = text.indexOf('{{'); open !== -1; open = text.indexOf('{{', rest)) {
    const close = text.indexOf('}}', open);
    if (close === -1) return `has {{ at character ${open + 1} without a closing }}`;
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
    return `has {{${inner.slice(0, 64)}}}, which must be {{ name | escaper }}, such as {{ token | json }}`;
  }
  const write = Object.hasOwn(escapers, escaper) ? escapers[escaper as keyof typeof escapers] : undefined;
  if (write === undefined) return `has the unknown escaper ${shown(escaper)}; the escapers are ${escaperNames}`;
  return { name, write };
}
