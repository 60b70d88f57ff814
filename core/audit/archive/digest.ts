import { type ArchivedObject, AUDIT_DIGEST_TYPE, type AuditDigest, auditDigest } from '@tvm/contract/audit-digest.ts';
import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import { linesOf, readLine, sha256 } from './chain.ts';

const ALGORITHMS = ['ES256', 'ES384', 'RS256'];

/** Imported keys by key set. Cached, because importing keys takes as long as verifying a signature. */
const imported = new WeakMap<JSONWebKeySet, ReturnType<typeof createLocalJWKSet>>();

/** The reason why an object is not a valid digest. */
export type NoDigest = 'unsigned' | 'malformed';

/**
 * Verifies and parses a digest. The content is not parsed before the signature is verified.
 *
 * @param jwks public keys for digests
 */
export async function readDigest(content: Uint8Array, jwks: JSONWebKeySet): Promise<AuditDigest | NoDigest> {
  const jws = Buffer.from(content).toString('latin1');
  // A decoder ignores the spare bits at the end of base64url, so several texts would be valid for one signature.
  const signature = jws.slice(jws.lastIndexOf('.') + 1);
  if (Buffer.from(signature, 'base64url').toString('base64url') !== signature) return 'unsigned';
  try {
    const keys = imported.get(jwks) ?? createLocalJWKSet(jwks);
    imported.set(jwks, keys);
    const { payload, protectedHeader } = await compactVerify(jws, keys, { algorithms: ALGORITHMS });
    if (protectedHeader.typ !== AUDIT_DIGEST_TYPE) return 'unsigned';
    return auditDigest.safeParse(JSON.parse(Buffer.from(payload).toString())).data ?? 'malformed';
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof SyntaxError) return 'unsigned';
    throw error;
  }
}

/** The entry for an object in a digest. */
export function describeObject(key: string, content: Uint8Array): ArchivedObject {
  const lines = linesOf(content);
  const [first, last] = [lines.at(0), lines.at(-1)].map((line) => readLine(line ?? '')?.chain);
  if (first === undefined || last === undefined) throw new Error(`${key} is not a valid object of the archive`);
  return {
    key,
    sha256: sha256(content),
    bytes: content.byteLength,
    records: lines.length,
    firstChain: first,
    lastChain: last,
  };
}
