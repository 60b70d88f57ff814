import { shown, Unwritable } from './unwritable.ts';

/** Writes a value such that one kind of reader reads it back the same. @param name of the value, for the sentence */
export type Escaper = (value: string, name: string) => string;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x1f\x7f]/;

/** How a template may write a value, by the name that stands after the `|`. */
export const escapers = {
  /** A JSON string with its quotes (RFC 8259, section 7), which YAML 1.2 reads as well. */
  json: (value) => JSON.stringify(value),

  /** One word of a POSIX shell, in single quotes. */
  shell(value, name) {
    if (value.includes('\0')) throw new Unwritable(`its value ${shown(name)} has a NUL, and no shell holds that`);
    return `'${value.replaceAll("'", "'\\''")}'`;
  },

  /** A part of a URL: all but the unreserved characters of RFC 3986, section 2.3, as %XX of its UTF-8. */
  url: (value) =>
    encodeURIComponent(value).replace(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    ),

  /** Base64 with padding (RFC 4648, section 4) of its UTF-8. */
  base64: (value) => Buffer.from(value).toString('base64'),

  /** As it is. */
  raw(value, name) {
    if (CONTROL.test(value)) {
      throw new Unwritable(`its value ${shown(name)} has a control character, such as a line end, and raw writes none`);
    }
    return value;
  },
} satisfies Record<string, Escaper>;

/** For sentences. */
export const escaperNames = Object.keys(escapers).join(', ');
