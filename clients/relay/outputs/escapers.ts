import { shown, Unwritable } from './unwritable.ts';

/** Escapes a value for one kind of reader, without loss. @param name the name of the value, for errors */
export type Escaper = (value: string, name: string) => string;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x1f\x7f]/;

/** The escapers of a template, by the name after the `|`. */
export const escapers = {
  /** A JSON string with quotes (RFC 8259, section 7), which is also valid YAML 1.2. */
  json: (value) => JSON.stringify(value),

  /** One word for a POSIX shell, in single quotes. */
  shell(value, name) {
    if (value.includes('\0'))
      throw new Unwritable(`its value ${shown(name)} contains a NUL, which a shell cannot represent`);
    return `'${value.replaceAll("'", "'\\''")}'`;
  },

  /** A part of a URL: the UTF-8 bytes of all but unreserved characters (RFC 3986, section 2.3) as %XX. */
  url: (value) =>
    encodeURIComponent(value).replace(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    ),

  /** The UTF-8 bytes in Base64 with padding (RFC 4648, section 4). */
  base64: (value) => Buffer.from(value).toString('base64'),

  /** The unchanged value. */
  raw(value, name) {
    if (CONTROL.test(value)) {
      throw new Unwritable(
        `its value ${shown(name)} contains a control character such as a newline, which raw forbids`,
      );
    }
    return value;
  },
} satisfies Record<string, Escaper>;

/** The names of the escapers, for messages. */
export const escaperNames = Object.keys(escapers).join(', ');
