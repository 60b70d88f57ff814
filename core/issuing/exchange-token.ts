import { createHash } from 'node:crypto';
import { type FederatedTokenRequest, TOKEN_EXCHANGE } from '@tvm/contract/federation.ts';
import { CLOCK_SKEW, type ClaimCheck } from '../federation/evaluate-proof.ts';
import type { ProofKeys } from '../federation/ports.ts';
import type { TrustEntry } from '../federation/trust-entry.ts';
import { entryFor, NOT_ACCEPTED, type VerifiedProof, verifyProof } from '../federation/verify-proof.ts';
import type { Clock } from '../ports.ts';
import { deny, type IssuingRules, type Origin, recordFieldsOf } from './decision-record.ts';
import {
  type IssueTokenOutcome,
  type IssueTokenPorts,
  issueToken,
  PROOF_USED,
  type ProofTerms,
} from './issue-token.ts';
import type { RecentSubjects } from './recent-subjects.ts';

export interface ExchangeTokenPorts extends IssueTokenPorts {
  proofKeys: ProofKeys;
  /** Uses of proofs that were refused recently, because they were not the first. */
  usedProofs: RecentSubjects;
  /**
   * Reports whether to record a refusal.
   *
   * @param entry the trust entry
   * @param signed whether its issuer signed the proof
   */
  isSampled(entry: string, signed: boolean): boolean;
}

export type ExchangeTokenOutcome =
  | Exclude<IssueTokenOutcome, { kind: 'proof_unusable' }>
  /** `problem` is a sentence about what a client can mend. `parameter` is the one with the proof. */
  | { kind: 'proof_refused'; parameter: 'subject_token' | 'client_assertion'; problem: string };

/**
 * Issues a token for a proof of another issuer, by the same policy as for AWS identities (RFC 8693; RFC 7523, section 2.2).
 *
 * trust entry → proof → source network → token, which uses the proof up if the entry says so
 *
 * A refusal is recorded with the claim that failed. Refusals are sampled, because anybody can cause them: many issuers sign
 * proofs for everybody.
 *
 * @throws DependencyFault if the keys of the issuer cannot be had, or if {@link issueToken} throws it
 */
export async function exchangeToken(
  request: FederatedTokenRequest,
  origin: Origin,
  rules: IssuingRules,
  ports: ExchangeTokenPorts,
): Promise<ExchangeTokenOutcome> {
  const { bundle } = ports.policies;
  const parameter = request.grant_type === TOKEN_EXCHANGE ? 'subject_token' : 'client_assertion';
  const kind = parameter === 'subject_token' ? 'issuer' : 'client';
  const unverifiedProof = request[parameter] ?? '';
  const refused = (problem: string): ExchangeTokenOutcome => ({ kind: 'proof_refused', parameter, problem });

  const eligible = Object.fromEntries(Object.entries(bundle.trust ?? {}).filter(([, entry]) => entry.kind === kind));
  const found = entryFor(eligible, request.client_id, unverifiedProof);
  if (!found.ok) return refused(found.outsider);
  const { name, entry } = found;
  const now = ports.clock.now();
  const recordRefusal = async ({ claim, expected, found }: ClaimCheck, signed: boolean) => {
    if (!ports.isSampled(name, signed)) return;
    const fields = recordFieldsOf(request, { subject: name, account: '' }, origin, now, rules, ports);
    await deny('proof_refused', { ...fields, refusedProof: { trust: name, claim, expected, found, signed } }, ports);
  };

  const verified = await verifyProof(unverifiedProof, { name, entry, service: rules.issuer, now }, ports.proofKeys);
  if (!verified.ok) {
    await recordRefusal(verified.failed, verified.signatureVerified);
    return refused(verified.outsider);
  }
  const isFrom = (network: string) => ports.policies.networksOf(origin.sourceIp).includes(network);
  if (entry.from.length > 0 && !entry.from.some(isFrom)) {
    const expected = `in ${entry.from.join(' or ')}`;
    await recordRefusal({ claim: 'source address', expected, found: origin.sourceIp, ok: false }, true);
    return refused(NOT_ACCEPTED);
  }

  const proof = termsOf(entry, verified.proof, now);
  const used = proof.use?.(request.audience ?? request.resource ?? request.scope ?? '').key;
  // Whoever finds a used proof, for example in a log, can send it again and again.
  if (used !== undefined && ports.usedProofs.has(used)) return refused(PROOF_USED);
  const outcome = await issueToken(request, { ...origin, federated: verified.caller, proof }, rules, ports);
  if (used !== undefined && outcome.kind === 'proof_unusable' && outcome.problem === PROOF_USED) {
    ports.usedProofs.add(used);
  }
  return outcome.kind === 'proof_unusable' ? refused(outcome.problem) : outcome;
}

/** What an entry requires of the token for a proof. @param now milliseconds since the epoch */
function termsOf(entry: TrustEntry, { jti, digest, expiresAt }: VerifiedProof, now: number): ProofTerms {
  // A jti is unique among the proofs of its issuer. Several entries may have one issuer, and accept the same proof.
  const identity = jti === undefined ? ['digest', digest] : ['jti', jti];
  // The proof is accepted until it expires or is too old, whichever is earlier, both with the tolerated difference of clocks.
  const until = Math.ceil(Math.min(expiresAt, now / 1000 + entry.maxAge + CLOCK_SKEW) + CLOCK_SKEW);
  return {
    ...(!entry.outliveProof && { expiresBy: Math.floor(expiresAt) }),
    ...(entry.replay !== 'allow' && {
      use: (audience) => {
        const parts = [entry.issuer, ...identity, ...(entry.replay === 'per-audience' ? [audience] : [])];
        return { key: createHash('sha256').update(JSON.stringify(parts)).digest('hex'), until };
      },
    }),
  };
}

/** Maximum number of recorded refusals of a trust entry in one minute of a process. */
const RECORDED = { signed: 10, unsigned: 1 };

/** Samples refusals: the first of each trust entry in each minute of this process, more if its issuer signed the proof. */
export function sampledPerMinute(clock: Clock): ExchangeTokenPorts['isSampled'] {
  let current = Number.NaN;
  const recorded = new Map<string, number>();
  return (entry, signed) => {
    const minute = Math.floor(clock.now() / 60_000);
    if (minute !== current) recorded.clear();
    current = minute;
    const kind = signed ? 'signed' : 'unsigned';
    const count = recorded.get(`${kind} ${entry}`) ?? 0;
    recorded.set(`${kind} ${entry}`, count + 1);
    return count < RECORDED[kind];
  };
}
