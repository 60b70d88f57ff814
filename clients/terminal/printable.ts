// Control and format characters could forge lines, reorder text or drive the terminal.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

// JWTs, signatures and digests in hexadecimal, and session tokens: none of these belongs in a message.
const SECRETS = [/eyJ[\w-]{8,}(\.+[\w-]+)*/g, /\b[0-9a-f]{64}\b/g, /[A-Za-z0-9+/=]{100,}/g];

// To a wrong signature, API Gateway answers with the whole canonical request, session token included.
const CANONICAL_STRING = / ?The Canonical String for this request should have been.*/;

/** Text from elsewhere, made fit to stand on one line of a terminal. */
export function printable(text: string): string {
  return text.replace(/\s+/g, ' ').replace(INVISIBLE, '').trim();
}

/** The same for a message, in which no token, signature or other secret may stand. */
export function printableMessage(text: string): string {
  const message = printable(text).replace(CANONICAL_STRING, '');
  return SECRETS.reduce((clean, secret) => clean.replace(secret, '[removed]'), message).slice(0, 1_000);
}
