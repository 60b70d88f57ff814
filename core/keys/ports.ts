import type { JSONWebKeySet } from 'jose';

/** The signature algorithms the machine knows (RFC 7518, section 3.1). No other is ever signed or accepted. */
export type Algorithm = 'ES256' | 'ES384' | 'RS256';

/** A signing key, as a token's header names it. */
export interface KeyName {
  algorithm: Algorithm;
  /** Its RFC 7638 thumbprint: the token's `kid`. */
  keyId: string;
}

/** What is signed: a keeper of keys takes the one or the other. */
export interface ToBeSigned {
  /** The JWS signing input. */
  input: string;
  /** Its digest: SHA-256, or SHA-384 for ES384. */
  digest: Uint8Array;
}

/** Signs tokens with a key that never leaves its keeper. */
export interface Signer {
  /** The key that signs now. Known from the first call on; later calls cost nothing. */
  key(): Promise<KeyName>;
  /** @returns the signature as JWS writes it (for ECDSA: R and S, RFC 7518 section 3.4) */
  sign(message: ToBeSigned): Promise<Uint8Array>;
}

/** The public keys of every token that may still be valid. */
export interface VerificationKeys {
  jwks(): Promise<JSONWebKeySet>;
}

/** Tells what this machine wrote from what others did: a message authentication code. */
export interface Mac {
  /** The mac of a text: the same for the same. */
  of(text: string): Promise<Uint8Array>;
  /** Whether a mac is that of a text. */
  fits(text: string, mac: Uint8Array): Promise<boolean>;
}
