/** What fills a value in later, or says that somebody must. A default that works as a password, as `changeme`, is none. */
const PLACEHOLDERS = [
  /\$\{|\$\(|\{\{|^\$[\w.:-]+$|^%\w+%$|^`/,
  /^<.*>$|^\[.*\]$|^ENC\[/,
  /^(?:\*+|x+|\.+|-+|0+)$/i,
  /^(?:none|null|empty|example|sample|dummy|placeholder|redacted|todo|unused|tbd)$/i,
  /^(?:your|my|the|insert|replace|enter)[-_ ]?(?:me|this|with|\w*[-_ ]).*$/i,
];

/** Values that are no secret under a name that promises one. */
const HARMLESS = [
  /^(?:true|false|yes|no|on|off|\d{1,5})$/i,
  /^arn:/,
  /^[a-z][a-z0-9+.-]*:\/\/[^@]*$/i,
  /^(?:\/|\.\/|~\/)/,
];

/** Whether a value is not the secret itself: nothing, a placeholder, a switch, or where the secret is. */
export function isNoSecret(value: string): boolean {
  const text = value.trim();
  return text === '' || PLACEHOLDERS.some((shape) => shape.test(text)) || HARMLESS.some((shape) => shape.test(text));
}
