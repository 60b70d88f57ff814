/** Placeholders for a value. A default that would work as a password, such as `changeme`, is not a placeholder. */
const PLACEHOLDERS = [
  /\$\{|\$\(|\{\{|^\$[\w.:-]+$|^%\w+%$|^`/,
  /<[^<>]*>|^\[.*\]$|^ENC\[/,
  /^(?:x+|0+|[^\p{L}\p{N}]+)$/iu,
  /^(?:none|null|empty|example|sample|dummy|placeholder|redacted|todo|unused|tbd)$/i,
  /(?:^|[^a-z])your[^a-z]/i,
  /^(?:your|my|the|insert|replace|enter)[-_ ]?(?:me|this|with|\w*[-_ ]).*$/i,
];

/** Values that are not secrets, whatever their name. */
const HARMLESS = [
  /^(?:true|false|yes|no|on|off|\d{1,5})$/i,
  /^arn:/,
  /^[a-z][a-z0-9+.-]*:\/\/[^@]*$/i,
  /^(?:\/|\.\/|~\/)/,
];

/** Reports whether a value is not a secret: empty, a placeholder, a switch, or a reference to a secret. */
export function isNoSecret(value: string): boolean {
  const text = value.trim();
  return text === '' || PLACEHOLDERS.some((shape) => shape.test(text)) || HARMLESS.some((shape) => shape.test(text));
}
