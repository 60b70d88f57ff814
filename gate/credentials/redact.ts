import { knownShapes } from './known-secrets.ts';

/** Matches credentials before a host, with or without a scheme. An image tag before a digest does not match. */
const USER_INFO = /(?<![^\s"'/=(,])[^\s:@/"']{0,100}:[^\s@/"']{1,200}@(?!sha(?:256|512):)(?=[\w[])/g;

/** Removes credentials from a text that quotes files. */
export function redact(text: string): string {
  return knownShapes.reduce(
    (redacted, { pattern }) => redacted.replace(pattern, '***'),
    text.replace(USER_INFO, '***@'),
  );
}
