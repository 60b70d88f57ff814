import { isNoSecret } from './placeholders.ts';

/** Names of variables, settings and flags that promise a secret. */
const SECRET_NAME =
  /(?:password|passwd|passphrase|secret|token|(?:^|[_-])pass|[_-]pwd|api[_-]?key|(?:secret|encryption|signing|private)[_-]?(?:access[_-]?)?key)$/i;

/** Names whose values are never the name of what holds the secret. */
const STRONG_NAME = /pass|pwd|private/i;

/** A password that is a word all the same. */
const KNOWN_WORD = /^(?:change[-_]?(?:me|it)|super[-_]?secret|letmein|p[a4]ssw[o0]rd)\d*$/i;

/** A word of a name: letters, in camel case too, and a short number. What is made by chance has no such words. */
const WORD = /^(?:[A-Z]{1,20}|[A-Za-z]?[a-z]{0,20}(?:[A-Z][a-z]{2,20}){0,5})\d{0,3}$/;

/** What Kustomize puts after the names of Secrets. */
const HASH = /-[bcdfghkmt2-9]{10}$/;

/** Whether a name promises a secret, and the value is one and not a placeholder or the name of what holds it. */
export function isSecretUnder(name: string, value: string): boolean {
  if (!SECRET_NAME.test(name) || isNoSecret(value)) return false;
  return STRONG_NAME.test(name) || !isName(value.trim());
}

/** As in `orders/db`, `webhook-server-cert`, `X-CSRF-Token`; or a number, such as of tokens. */
function isName(value: string): boolean {
  if (/^\d{1,9}$/.test(value)) return true;
  if (value.length > 253 || KNOWN_WORD.test(value)) return false;
  return value
    .replace(HASH, '')
    .split(/[-_./:]/)
    .every((word) => word !== '' && WORD.test(word));
}

/** A URL with a password. Each part is bounded: no text makes the search slow. */
const URL_PASSWORD = /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"'<>]{0,100}:([^\s@/"'<>]{1,200})@[\w[$]/gi;

/** Whether a text, but for its comments, has a URL with a password written out. */
export const hasUrlPassword = remembering((text) => {
  if (!text.includes('://')) return false;
  return [...text.replace(/^[ \t]*(?:#|\/\/).*$/gm, '').matchAll(URL_PASSWORD)].some(
    ([, password = '']) => !isNoSecret(password) && !password.includes('\u0000'),
  );
});

/** The same for a long text that aliases repeat is not looked for again: there may be a million of them. */
function remembering<Result>(find: (text: string) => Result): (text: string) => Result {
  const known = new Map<string, Result>();
  return (text) => {
    if (text.length < 200) return find(text);
    const found = known.get(text) ?? find(text);
    if (known.size > 10_000) known.clear();
    known.set(text, found);
    return found;
  };
}

const FLAG = /(?<![\w-])--?([\w.-]{1,60})=["']?([^\s"']{1,1000})/g;

const flagsWithin = remembering((word) =>
  [...word.matchAll(FLAG)]
    .filter(([, name = '', value = '']) => isSecretUnder(name, value))
    .map(([, name = '']) => name),
);

/** The flags, of the words of a command, that have a secret written out: `--password=…` or `--password …`. */
export function secretFlags(words: readonly string[]): string[] {
  const joined = words.flatMap((word) => flagsWithin(word));
  const apart = words.flatMap((word, index) => {
    const name = /^--?([\w.-]{1,60})$/.exec(word)?.[1];
    const value = words[index + 1];
    return name && value && !value.startsWith('-') && isSecretUnder(name, value) ? [name] : [];
  });
  return [...joined, ...apart];
}
