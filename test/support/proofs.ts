import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { ProofKeys } from '@tvm/core/federation/ports.ts';
import type { ProofAlgorithm, PublicJwk, TrustEntries, TrustEntry } from '@tvm/core/federation/trust-entry.ts';
import { trustFile } from '@tvm/core/federation/trust-file.ts';
import { readYamlFile } from '@tvm/core/policy/yaml-file.ts';

export const SERVICE = 'https://tvm.example.com';
/** 2026-12-01T12:00:00Z, in seconds. */
export const NOW = 1_796_126_400;

/** A key pair of an issuer. */
export interface IssuerKey {
  jwk: PublicJwk;
  privateKey: KeyObject;
}

/** Makes the key pair of an issuer for an algorithm. */
export function issuerKey(algorithm: ProofAlgorithm, kid = 'key-1', bits = 2048): IssuerKey {
  const { publicKey, privateKey } = keyPair(algorithm, bits);
  return { jwk: { ...(publicKey.export({ format: 'jwk' }) as PublicJwk), kid }, privateKey };
}

function keyPair(algorithm: ProofAlgorithm, bits: number): { publicKey: KeyObject; privateKey: KeyObject } {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  if (!algorithm.startsWith('ES')) return generateKeyPairSync('rsa', { modulusLength: bits });
  const namedCurve = { ES256: 'P-256', ES384: 'P-384' }[algorithm as string] ?? 'P-521';
  return generateKeyPairSync('ec', { namedCurve });
}

const encoded = (part: string | object) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

/** Signs a header and a payload as they are, also invalid ones. */
export function signedProof(header: string | object, payload: string | object, { privateKey }: IssuerKey): string {
  const { alg = 'RS256' } = (typeof header === 'string' ? {} : header) as { alg?: string };
  const input = `${encoded(header)}.${encoded(payload)}`;
  const hash = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
  const padding = alg.startsWith('PS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : { dsaEncoding: 'ieee-p1363' as const };
  return `${input}.${sign(hash, Buffer.from(input), { key: privateKey, ...padding }).toString('base64url')}`;
}

/** A port with the keys of one issuer. */
export function keysOf(...keys: IssuerKey[]): ProofKeys {
  return { keysOf: async () => keys.map(({ jwk }) => jwk) };
}

/** Reads a `trust.yaml`. */
export function readTrust(text: string): { value: TrustEntries | undefined; problems: string[] } {
  const { value, flaws } = readYamlFile(trustFile, { name: 'policies/trust.yaml', text });
  return { value, problems: flaws.map(({ line, message }) => `${line}: ${message}`) };
}

/** Reads the one entry of a valid `trust.yaml`. */
export function trustEntry(text: string): { name: string; entry: TrustEntry } {
  const { value, problems } = readTrust(text);
  const [only] = Object.entries(value ?? {});
  if (only === undefined) throw new Error(problems.join('\n'));
  return { name: only[0], entry: only[1] };
}
