import type { JSONWebKeySet } from 'jose';

/** The supported signature algorithms (RFC 7518, section 3.1). No other algorithm is used or accepted. */
export type Algorithm = 'ES256' | 'ES384' | 'RS256';

/** A signing key as a token header names it. */
export interface KeyName {
  algorithm: Algorithm;
  /** The RFC 7638 thumbprint of the key, which is the `kid` of its tokens. */
  keyId: string;
}

/** A message to sign, both as input and as digest. A key store signs either of them. */
export interface ToBeSigned {
  /** The JWS signing input. */
  input: string;
  /** The digest of the input: SHA-384 for ES384, otherwise SHA-256. */
  digest: Uint8Array;
}

/** Signs tokens with a key that never leaves its key store. */
export interface Signer {
  /** Returns the current signing key. The result of the first call is cached. */
  key(): Promise<KeyName>;
  /** Signs a message. @returns the signature in JWS format (for ECDSA: R and S, RFC 7518 section 3.4) */
  sign(message: ToBeSigned): Promise<Uint8Array>;
}

/** The public keys of every token that may still be valid. */
export interface VerificationKeys {
  jwks(): Promise<JSONWebKeySet>;
}

/** Computes and verifies message authentication codes with the key of this deployment. */
export interface Mac {
  /** Returns the MAC of a text. Deterministic. */
  of(text: string): Promise<Uint8Array>;
  /** Reports whether a MAC is valid for a text. */
  fits(text: string, mac: Uint8Array): Promise<boolean>;
}
