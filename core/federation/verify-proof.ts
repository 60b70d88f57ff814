import { limits } from '@tvm/contract/limits.ts';
import type { FederatedCaller } from '../identity/caller.ts';
import { type ClaimCheck, evaluateClaims, evaluateHeader, type ProofContext, textAt } from './evaluate-proof.ts';
import type { ProofKeys } from './ports.ts';
import { readProof, type UnverifiedProof } from './read-proof.ts';
import type { ProofAlgorithm, PublicJwk, TrustEntries, TrustEntry, Unverified } from './trust-entry.ts';
import { verifySignature } from './verify-signature.ts';

/** A verified proof, for its record and its replay rule. */
export interface VerifiedProof {
  /** SHA-256 of its signing input, in hexadecimal. */
  digest: string;
  jti?: string;
  /** Whole seconds since the epoch. Within the clock skew, it may have passed. */
  expiresAt: number;
}

/** Why a proof is refused. */
export interface ProofRefusal {
  /** The sentence in the response. It names a problem only if the client can fix it. */
  outsider: string;
  /** Whether the issuer signed the proof. Only such a refusal is recorded. */
  signatureVerified: boolean;
  /** The first check that failed, for the operator. */
  failed: ClaimCheck;
  /** All checks, in the order of reading. Claims are evaluated only if the signature is valid. */
  checks: ClaimCheck[];
}

export type ProofOutcome =
  | { ok: true; caller: FederatedCaller; proof: VerifiedProof; checks: ClaimCheck[] }
  | ({ ok: false } & ProofRefusal);

/** What an outsider learns about a proof that it cannot mend. */
export const NOT_ACCEPTED = 'the proof was not accepted';
const UNKNOWN_ENTRY = 'the proof matches no trust entry of this service: name one with client_id';

/**
 * Finds the trust entry for a proof: the one that the request names, or else the only one with the proof's `iss`. A disabled
 * entry is treated as an unknown one.
 *
 * @param clientId the `client_id` of the request
 */
export function entryFor(
  trust: TrustEntries,
  clientId: string | undefined,
  unverifiedProof: string,
): { ok: true; name: string; entry: TrustEntry } | ({ ok: false } & ProofRefusal) {
  const named = clientId !== undefined && Object.hasOwn(trust, clientId) ? trust[clientId] : undefined;
  if (clientId !== undefined && named !== undefined && !named.disabled)
    return { ok: true, name: clientId, entry: named };
  const unknown = (expected: string, found: string) =>
    refused([{ claim: 'client_id', expected, found, ok: false }], false, UNKNOWN_ENTRY);
  if (clientId !== undefined) {
    return unknown('a trust entry', named === undefined ? 'no entry of this name' : 'a disabled entry');
  }
  const read = readProof(unverifiedProof);
  if ('problem' in read) return malformed(read.problem);
  const { iss } = read.proof.claims;
  const matching = Object.entries(trust).filter(
    ([, { issuer, withoutIss, disabled }]) => !withoutIss && !disabled && issuer === iss,
  );
  const [only] = matching;
  if (only === undefined || matching.length > 1) {
    return unknown('a name, unless one entry has the issuer of the proof', `${matching.length} entries with it`);
  }
  return { ok: true, name: only[0], entry: only[1] };
}

/**
 * Verifies a proof: its form, its header, its signature and then each claim (RFC 7519, section 7.2; RFC 8725).
 *
 * @returns the caller, or the refusal with the check that failed
 * @throws DependencyFault if the keys of the issuer are unavailable
 */
export async function verifyProof(
  unverifiedProof: string,
  context: ProofContext,
  keys: ProofKeys,
): Promise<ProofOutcome> {
  const read = readProof(unverifiedProof);
  if ('problem' in read) return malformed(read.problem);
  const { proof } = read;
  const checks = evaluateHeader(proof.header, context);
  if (checks.some(({ ok }) => !ok)) return refused(checks, false, NOT_ACCEPTED);
  const algorithm = proof.header.alg as ProofAlgorithm;
  const signature = verifySignature(proof, algorithm, await keysFor(proof, context.entry, keys));
  if (!signature.ok) return refused([...checks, { ...signature }], false, NOT_ACCEPTED);

  const evaluated = evaluateClaims(proof.claims, context);
  const all = [...checks, ...evaluated.checks];
  if (evaluated.caller === undefined)
    return refused(all, true, outsiderSentence(evaluated.checks, proof.claims, context));
  const jti = textAt(proof.claims, ['jti']);
  return {
    ok: true,
    caller: evaluated.caller,
    proof: {
      digest: proof.digest,
      ...(jti !== undefined && { jti }),
      expiresAt: Math.floor(proof.claims.exp as number),
    },
    checks: all,
  };
}

/** A proof as an operator sees it. */
export interface InspectedProof {
  /** `not evaluated` if there are no keys, or no allowed algorithm. */
  signature: 'valid' | 'invalid' | 'not evaluated';
  /** All checks, in the order of reading. */
  checks: ClaimCheck[];
  /** The caller, if every check succeeds. It is proven only if the signature is valid. */
  caller?: FederatedCaller;
}

/**
 * Evaluates every part of a proof, also after one has failed, for an operator who looks for a mistake. Never issue a token
 * for its result: use {@link verifyProof}.
 *
 * @param keys the keys of the issuer; absent: the signature is not evaluated
 */
export function inspectProof(
  unverifiedProof: string,
  context: ProofContext,
  keys: readonly PublicJwk[] | undefined,
): InspectedProof {
  const read = readProof(unverifiedProof);
  if ('problem' in read) return { signature: 'not evaluated', checks: malformed(read.problem).checks };
  const { header, claims } = read.proof;
  const checks = evaluateHeader(header, context);
  const algorithm = context.entry.algorithms.find((allowed) => allowed === header.alg);
  let signature: InspectedProof['signature'] = 'not evaluated';
  if (keys !== undefined && algorithm !== undefined) {
    const result = verifySignature(read.proof, algorithm, keys);
    signature = result.ok ? 'valid' : 'invalid';
    const valid = { claim: 'signature', expected: 'valid for a key of the issuer', found: 'valid', ok: true };
    checks.push(result.ok ? valid : { ...result });
  }
  const evaluated = evaluateClaims(claims, context);
  checks.push(...evaluated.checks);
  const accepted = checks.every(({ ok }) => ok);
  return { signature, checks, ...(accepted && evaluated.caller && { caller: evaluated.caller }) };
}

async function keysFor(
  { header: { kid } }: UnverifiedProof,
  entry: TrustEntry,
  keys: ProofKeys,
): Promise<readonly PublicJwk[]> {
  if (entry.keys.from === 'file') return entry.keys.keys;
  return keys.keysOf(entry, typeof kid === 'string' ? kid : undefined);
}

function malformed(problem: string): { ok: false } & ProofRefusal {
  const check = {
    claim: 'proof',
    expected: `a JWT of at most ${limits.proofLength} characters`,
    found: problem,
    ok: false,
  };
  return refused([check], false, `the proof ${problem}`);
}

function refused(checks: ClaimCheck[], signatureVerified: boolean, outsider: string): { ok: false } & ProofRefusal {
  const failed = checks.find(({ ok }) => !ok);
  if (failed === undefined) throw new Error('a proof without a failed check was refused');
  return { ok: false, outsider, signatureVerified, failed, checks };
}

/** Names a problem that the client can fix. Other problems would reveal what the entry requires. */
function outsiderSentence(
  checks: readonly ClaimCheck[],
  claims: Unverified,
  { entry, service, now }: ProofContext,
): string {
  const failed = checks.find(({ ok }) => !ok)?.claim;
  const time = failed === 'exp' || failed === 'iat' ? claims[failed] : undefined;
  if (typeof time === 'number' && time * 1000 <= now) return 'the proof has expired or is too old: request a new one';
  if (failed !== 'aud') return NOT_ACCEPTED;
  // The issuer URL is public. Another audience is not.
  return entry.audience === undefined || entry.audience === service
    ? `the proof is for another audience: request it for ${service}`
    : 'the proof is for another audience';
}
