import { knownShapes } from './known-secrets.ts';

/** Credentials before a host, with or without a scheme; a tag before a digest is none. */
const USER_INFO = /(?<![^\s"'/=(,])[^\s:@/"']{0,100}:[^\s@/"']{1,200}@(?!sha(?:256|512):)(?=[\w[])/g;

/** A text that quotes files, without the credentials that it may quote with them. */
export function redact(text: string): string {
  return knownShapes.reduce(
    (redacted, { pattern }) => redacted.replace(pattern, '***'),
    text.replace(USER_INFO, '***@'),
  );
}
