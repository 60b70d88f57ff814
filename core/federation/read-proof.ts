import { createHash } from 'node:crypto';
import { limits } from '@tvm/contract/limits.ts';
import { readStrictJson } from '@tvm/contract/strict-json.ts';
import { isMapping } from '../settings/fault.ts';
import type { Unverified } from './trust-entry.ts';

/** A proof whose signature nobody has verified yet. */
export interface UnverifiedProof {
  header: Unverified;
  claims: Unverified;
  /** The JWS signing input (RFC 7515, section 5.1). */
  signingInput: string;
  signature: Uint8Array;
  /**
   * SHA-256 of the signing input, in hexadecimal. The signature is not part of it, because one message can have several
   * valid ECDSA signatures.
   */
  digest: string;
}

/**
 * Reads a JWT in compact serialization so that every parser would read the same: canonical base64url, UTF-8, JSON without
 * duplicate members (RFC 8725, section 3.7; RFC 7515, section 4).
 *
 * @returns the proof, or the problem, which completes a sentence about it
 */
export function readProof(unverifiedProof: string): { proof: UnverifiedProof } | { problem: string } {
  if (unverifiedProof.length > limits.proofLength) {
    return { problem: `must have at most ${limits.proofLength} characters` };
  }
  const parts = unverifiedProof.split('.');
  if (parts.length !== 3 || parts.includes(''))
    return { problem: 'must be a signed JWT: three parts with dots between' };
  const [header = '', payload = '', signature = ''] = parts;
  if (!parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)) {
    return { problem: 'must be base64url without padding and without spare bits' };
  }
  const read = { header: readMembers(header), claims: readMembers(payload) };
  for (const [part, members] of Object.entries(read)) {
    if (typeof members === 'string')
      return { problem: `has a ${part === 'header' ? part : 'payload'} that ${members}` };
  }
  const signingInput = `${header}.${payload}`;
  return {
    proof: {
      ...(read as { header: Unverified; claims: Unverified }),
      signingInput,
      signature: Buffer.from(signature, 'base64url'),
      digest: createHash('sha256').update(signingInput).digest('hex'),
    },
  };
}

function readMembers(part: string): Unverified | string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, 'base64url'));
  } catch {
    return 'must be UTF-8';
  }
  const json = readStrictJson(text);
  if (!json.ok) return 'duplicate' in json ? 'must have each member only once' : json.problem;
  return isMapping(json.value) ? json.value : 'must be a JSON object';
}
