// Control and format characters could forge lines, reorder text or drive the terminal.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

// Matches JWTs, hexadecimal signatures and digests, and session tokens.
const SECRETS = [/eyJ[\w-]{8,}(\.+[\w-]+)*/g, /\b[0-9a-f]{64}\b/g, /[A-Za-z0-9+/=]{100,}/g];

// API Gateway responds to a wrong signature with the whole canonical request, including the session token.
const CANONICAL_STRING = / ?The Canonical String for this request should have been.*/;

/** Makes untrusted text safe for one line of a terminal. */
export function printable(text: string): string {
  return text.replace(/\s+/g, ' ').replace(INVISIBLE, '').trim();
}

/** Makes a message safe for one line of a terminal, and removes tokens, signatures and other secrets. */
export function printableMessage(text: string): string {
  const message = printable(text).replace(CANONICAL_STRING, '');
  return SECRETS.reduce((clean, secret) => clean.replace(secret, '[removed]'), message).slice(0, 1_000);
}
