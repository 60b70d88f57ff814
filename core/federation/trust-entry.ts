import type { ClaimType } from '@tvm/contract/claims.ts';

/** The path of a claim: the names of nested members. Names may contain dots and slashes. */
export type ClaimPath = string[];

/** A value that a claim can be required to have. */
export type ClaimValue = string | number | boolean;

/** The signature algorithms of proofs. All are asymmetric: a key that verifies must not be able to sign. */
export const PROOF_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
export type ProofAlgorithm = (typeof PROOF_ALGORITHMS)[number];

/** A claim that every proof must have. A claim that is a list needs one of the values among its elements. */
export interface RequiredClaim {
  path: ClaimPath;
  /** The allowed values. */
  values: ClaimValue[];
  /** The allowed prefixes of a string. */
  prefixes: string[];
}

/** A claim that callers and records keep, and policies read as `principal.claims.NAME`. */
export interface KeptClaim {
  path: ClaimPath;
  /** The type that the schema declares. A proof with another type is refused. */
  type?: ClaimType;
}

/** A public key in a JSON Web Key Set (RFC 7517). */
export interface PublicJwk {
  kty: string;
  kid?: string;
  alg?: string;
  use?: string;
  key_ops?: string[];
  [parameter: string]: unknown;
}

/** The source of the keys that verify the proofs of an entry. */
export type TrustKeys =
  | { from: 'discovery' }
  | { from: 'url'; url: string }
  /** A key set beside the policies, with its content. */
  | { from: 'file'; file: string; keys: PublicJwk[] };

/** How often one proof may be exchanged: once, once for each audience, or until it expires. */
export type ReplayRule = 'once' | 'per-audience' | 'allow';

/**
 * An entry of `trust.yaml`, with its preset and all defaults applied. It is plain JSON, and deployed with the policies.
 * Times are in seconds.
 */
export interface TrustEntry {
  /** `client`: a client with a key of its own, whose name is `client_id`, `iss` and `sub` (RFC 7523, section 3). */
  kind: 'issuer' | 'client';
  preset?: string;
  /** The exact `iss` of its proofs. */
  issuer: string;
  /** Set if proofs need no `iss`, because their keys and their `sub` already identify the issuer. */
  withoutIss?: true;
  /** The `aud` of its proofs. Absent: the issuer URL of this service. */
  audience?: string;
  keys: TrustKeys;
  algorithms: ProofAlgorithm[];
  /** The allowed values of the header `typ`, in lower case. A proof without `typ` is accepted. */
  types: string[];
  require: RequiredClaim[];
  /** Texts, and claims whose values are inserted between them. */
  subject: (string | ClaimPath)[];
  /** Kept claims that the issuer vouches for, by name. */
  claims: Record<string, KeptClaim>;
  /** Kept claims that the caller chooses. They are only recorded. */
  chosenClaims: Record<string, ClaimPath>;
  /** The claim that names the running workload. */
  instance?: ClaimPath;
  /** Maximum age of a proof. */
  maxAge: number;
  /** Whether a token may expire after the proof. */
  outliveProof: boolean;
  /** The networks that requests must come from. Empty: any. */
  from: string[];
  replay: ReplayRule;
  disabled: boolean;
}

/** Trust entries by name. */
export type TrustEntries = Record<string, TrustEntry>;

/** The members of a JSON object that nobody has checked yet. */
export type Unverified = Record<string, unknown>;
