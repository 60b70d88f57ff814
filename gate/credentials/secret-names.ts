import { knownShapes } from './known-secrets.ts';
import { isNoSecret } from './placeholders.ts';

/** Names of variables, settings and flags whose values are usually secrets. */
const SECRET_NAME =
  /(?:password|passwd|passphrase|secret|token|(?:^|[_-])pass|[_-]pwd|api[_-]?key|(?:secret|encryption|signing|private)[_-]?(?:access[_-]?)?key)$/i;

/** Names whose values are secrets, or paths of secrets, but never other names of secrets. */
const STRONG_NAME = /(?:pass(?:word|wd|phrase)?|pwd|private[_-]?(?:access[_-]?)?key)$/i;

/** Common passwords that look like names. */
const KNOWN_WORD = /^(?:change[-_]?(?:me|it)|super[-_]?secret|letmein|p[a4]ssw[o0]rd)\d*$/i;

/** A word of a name: letters, also in camel case, and a short number. Random values do not consist of such words. */
const WORD = /^(?:[A-Z]{1,20}|[A-Za-z]?[a-z]{0,20}(?:[A-Z][a-z]{2,20}){0,5})\d{0,3}$/;

/** The suffix that Kustomize appends to the names of Secrets. */
const HASH = /-[bcdfghkmt2-9]{10}$/;

/** Reports whether a name is that of a secret, and the value is neither a placeholder nor the name of a secret. */
export function isSecretUnder(name: string, value: string): boolean {
  if (!SECRET_NAME.test(name) || isNoSecret(value)) return false;
  return (STRONG_NAME.test(name) && !value.includes('/')) || !isName(value.trim());
}

/** Reports whether a value is a name, such as `orders/db`, `webhook-server-cert` or `X-CSRF-Token`, or a count. */
function isName(value: string): boolean {
  if (/^\d{1,9}$/.test(value)) return true;
  if (value.length > 253 || KNOWN_WORD.test(value)) return false;
  return value
    .replace(HASH, '')
    .split(/[-_./:]/)
    .every((word) => word !== '' && WORD.test(word));
}

/** Matches a URL with a password. Each part has a maximum length, so that no text makes the search slow. */
const URL_PASSWORD = /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"'<>]{0,100}:([^\s@/"'<>]{1,200})@[\w[$]/gi;

/** Reports whether a text, except for its comments, contains a URL with a plaintext password. */
export const hasUrlPassword = cached((text) => {
  if (!text.includes('://')) return false;
  return [...text.replace(/^[ \t]*(?:#|\/\/).*$/gm, '').matchAll(URL_PASSWORD)].some(
    ([, password = '']) => !isNoSecret(password) && !password.includes('\u0000'),
  );
});

/** Caches the result for long texts, because aliases may repeat the same text a million times. */
function cached<Result>(find: (text: string) => Result): (text: string) => Result {
  const known = new Map<string, Result>();
  return (text) => {
    if (text.length < 200) return find(text);
    const found = known.get(text) ?? find(text);
    if (known.size > 10_000) known.clear();
    known.set(text, found);
    return found;
  };
}

/** Names of programs. Their assignments are not settings. */
const PROGRAM = /\.(?:bash|cel|go|html?|java|jsx?|lua|md|p[hly]|php|pl|ps1|py|rb|rego|sh|sql|tsx?|vcl|xslt?)$/i;

/** A line with a setting: `name = value`, `name: value` or `"name": "value",`. A value is a single word. */
const SETTING =
  /^[ \t]*(?:export[ \t]+|-[ \t]+)?["']?([\w.-]{1,200})["']?[ \t]*[:=][ \t]*["']?([^\s"'(){}[\];,]{1,1000})["']?[ \t]*(?:[,;][ \t]*)?(?:#.*)?$/gm;

const settingsWithin = cached((text) =>
  [...text.matchAll(SETTING)]
    // Other rules find secrets of a known format, and know their examples.
    .filter(([line]) => !knownShapes.some(({ pattern }) => line.search(pattern) !== -1))
    .filter(([, name = '', value = '']) => isSecretUnder(name, value))
    .map(([, name = '']) => name),
);

/** Returns the settings of a file of several lines that are plaintext secrets, as `spring.datasource.password=…`. */
export function secretSettings(file: string, text: string): readonly string[] {
  return text.includes('\n') && !PROGRAM.test(file) ? settingsWithin(text) : [];
}

const FLAG = /(?<![\w-])--?([\w.-]{1,60})=["']?([^\s"']{1,1000})/g;

const flagsWithin = cached((word) =>
  [...word.matchAll(FLAG)]
    .filter(([, name = '', value = '']) => isSecretUnder(name, value))
    .map(([, name = '']) => name),
);

/** Returns the flags of a command that have a plaintext secret: `--password=…` or `--password …`. */
export function secretFlags(words: readonly string[]): string[] {
  const joined = words.flatMap((word) => flagsWithin(word));
  const apart = words.flatMap((word, index) => {
    const name = /^--?([\w.-]{1,60})$/.exec(word)?.[1];
    const value = words[index + 1];
    return name && value && !value.startsWith('-') && isSecretUnder(name, value) ? [name] : [];
  });
  return [...joined, ...apart];
}
