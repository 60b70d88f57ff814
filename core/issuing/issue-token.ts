import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import { limits } from '@tvm/contract/limits.ts';
import type { BadRequest } from '@tvm/contract/parse-parameters.ts';
import type { Obligations, RequestParameters, TokenClaims } from '@tvm/contract/token.ts';
import { type Caller, callerOf, type Identity } from '../identity/caller.ts';
import { compactJws, signingDigest, signingInput, TOKEN_TYPE } from '../keys/jws.ts';
import type { Algorithm, Signer } from '../keys/ports.ts';
import { type Clock, DependencyFault, type Ids } from '../ports.ts';
import type { ProofUse, SubjectStatuses, TokenRecords } from '../records/ports.ts';
import { restrictionOn } from '../records/subject-status.ts';
import {
  type Denial,
  type Failure,
  type IssuedRecord,
  STORED_WITHIN,
  type StatusReference,
} from '../records/token-record.ts';
import { tokenEntries } from '../records/token-selector.ts';
import type { StatusIndexes } from '../status-lists/ports.ts';
import { statusListUri } from '../status-lists/status-list.ts';
import {
  decidedOn,
  deny,
  type IssuingRules,
  type Origin,
  type RecordFields,
  recordedOf,
  recordFieldsOf,
} from './decision-record.ts';
import type { RecentSubjects } from './recent-subjects.ts';
import { decideToken, type TokenDecisionPorts } from './token-decision.ts';

/** What the proof of a federated caller requires of its token. */
export interface ProofTerms {
  /** The latest time at which the token may expire, in whole seconds since the epoch. Absent: any. */
  expiresBy?: number;
  /** Returns the use of the proof for an audience, if there may be only one. Absent: the proof may be used again. */
  use?: (audience: string) => ProofUse;
}

/** The problem of a proof that may be used once, and was used before. */
export const PROOF_USED = 'the proof was used before: request a new one';

/** A request as the gateway or a trust entry authenticated it. */
export type Authenticated = Origin & Identity & { proof?: ProofTerms };

export interface IssueTokenPorts extends TokenDecisionPorts {
  signer: Signer;
  statusIndexes: StatusIndexes;
  records: TokenRecords;
  subjectStatuses: SubjectStatuses;
  /** Subjects for which a restriction was found recently. */
  restricted: RecentSubjects;
  clock: Clock;
  ids: Ids;
}

export type IssueTokenOutcome =
  | {
      kind: 'issued';
      token: string;
      tokenId: string;
      lifetime: number;
      authorizationDetails: AuthorizationDetail[];
      scope: string | undefined;
      obligations: Obligations | undefined;
    }
  | { kind: 'bad_request'; bad: BadRequest }
  | { kind: 'denied'; denial: Exclude<Denial, 'undecided' | 'proof_refused' | 'proof_used'>; tokenId: string }
  /** The proof has been used, or has expired. */
  | { kind: 'proof_unusable'; problem: string };

/**
 * Issues a token with exactly the requested permissions if policy allows all of them. A request for a partial grant
 * gets the permissions that policy allows.
 *
 * identity → decision → claims → record ∥ signature ∥ subject status → token
 *
 * A proof that may be used once is used up by the record, which is then stored after the signature.
 *
 * The token is released only if its record is durable in time, it is signed, and its subject is neither revoked nor
 * blocked. If the subject was restricted a few seconds ago, the subject status is read before signing. A blocked
 * subject that keeps sending requests then costs neither a signature nor an index in a status list.
 *
 * @throws DependencyFault if the decision, the record, the signature, the subject status or the index in a status list
 *   fails or comes too late
 */
export async function issueToken(
  request: RequestParameters,
  authenticated: Authenticated,
  rules: IssuingRules,
  ports: IssueTokenPorts,
): Promise<IssueTokenOutcome> {
  const decidedAt = ports.clock.now();
  const { expiresBy = Number.POSITIVE_INFINITY, use } = authenticated.proof ?? {};
  const longest = expiresBy - Math.floor(decidedAt / 1000);
  if (longest < 1) return { kind: 'proof_unusable', problem: 'the proof has expired: request a new one' };
  return issueWithin(bounded(longest, request, rules), authenticated, decidedAt, use, ports);
}

/** Limits the requested and the default lifetimes. A lifetime over the maximum of the deployment remains invalid. */
function bounded(
  longest: number,
  request: RequestParameters,
  rules: IssuingRules,
): { request: RequestParameters; rules: IssuingRules } {
  const { expires_in } = request;
  const isValid = expires_in !== undefined && expires_in <= rules.maxLifetime;
  return {
    request: isValid ? { ...request, expires_in: Math.min(expires_in, longest) } : request,
    rules: {
      ...rules,
      defaultLifetime: Math.min(rules.defaultLifetime, longest),
      defaultWriteLifetime: Math.min(rules.defaultWriteLifetime, longest),
    },
  };
}

async function issueWithin(
  { request, rules }: ReturnType<typeof bounded>,
  authenticated: Authenticated,
  decidedAt: number,
  use: ProofTerms['use'],
  ports: IssueTokenPorts,
): Promise<IssueTokenOutcome> {
  const caller = callerOf(authenticated);
  const who =
    'federated' in authenticated
      ? { subject: authenticated.federated.subject, account: '' }
      : { subject: authenticated.userArn, account: authenticated.account };
  const fields = recordFieldsOf(request, who, authenticated, decidedAt, rules, ports);
  if (caller === undefined) return deny('unsupported_identity', fields, ports);

  const callerFields = { ...fields, ...recordedOf(caller) };
  const from = { ...authenticated, time: decidedAt };
  const decision = await orRecorded(decideToken(request, caller, from, rules, ports), callerFields, ports);
  if (decision.kind === 'bad_request') return decision;
  const decided = decidedOn(callerFields, decision, rules, ports.policies.bundle);
  if (decision.kind === 'denied') return deny(decision.denial, decided, ports);

  const proofUse = use?.(decided.audience);
  const granted = { caller, obligations: decision.obligations, ...(proofUse && { proofUse }) };
  // A restriction that is found after the proof was used up would cost the caller its proof.
  const early =
    proofUse !== undefined || ports.restricted.has(caller.subject)
      ? restrictionOn(decided, await orRecorded(ports.subjectStatuses.get(caller.subject), callerFields, ports))
      : undefined;
  if (early === undefined) return signAndRecord(granted, decided, rules, ports);
  ports.restricted.add(caller.subject);
  if (early.kind === 'refused') return deny(early.denial, decided, ports);
  return signAndRecord(granted, shortened(decided, early.lifetime, decided.tokenId), rules, ports);
}

/** Awaits a step of the decision. If the step fails, records the request as denied with `undecided`. */
async function orRecorded<T>(deciding: Promise<T>, fields: RecordFields, ports: IssueTokenPorts): Promise<T> {
  try {
    return await deciding;
  } catch (error) {
    await deny('undecided', fields, ports).catch(() => {});
    throw error;
  }
}

/** The lengths of JWS signatures, in base64url characters. */
const SIGNATURE_LENGTHS: Record<Algorithm, number> = { ES256: 86, ES384: 128, RS256: 342 };

interface Granted {
  caller: Caller;
  obligations: Obligations | undefined;
  /** Stored together with the record. Absent: the proof may be used again, or was already used for this request. */
  proofUse?: ProofUse;
}

/** Signs the token and stores its record. Releases the token if both succeed and its subject is not restricted. */
async function signAndRecord(
  { caller, obligations, proofUse }: Granted,
  fields: RecordFields,
  rules: IssuingRules,
  ports: IssueTokenPorts,
): Promise<IssueTokenOutcome> {
  const { signer, records, subjectStatuses, restricted, statusIndexes, clock, ids } = ports;
  const { policyErrors, ...granted } = fields;
  const { tokenId, authorizationDetails, lifetime, decidedAt } = granted;
  const requestsTooMuch = (problem: string): IssueTokenOutcome => {
    const field = granted.role === undefined ? 'authorization_details' : 'scope';
    return { kind: 'bad_request', bad: { field, problem: `must request less: ${problem}` } };
  };
  const entries = tokenEntries(granted).length;
  if (entries > limits.indexEntries)
    return requestsTooMuch(
      `the token would have ${entries} index entries, and at most ${limits.indexEntries} are allowed; each location and each of its ancestors counts as one`,
    );
  const [key, statusList] = await Promise.all([signer.key(), statusIndexes.take()]);
  const claims = tokenClaimsOf(rules.issuer, caller, granted, obligations, statusList);
  const input = signingInput(key, TOKEN_TYPE, claims);
  const size = input.length + 1 + SIGNATURE_LENGTHS[key.algorithm];
  if (size > limits.tokenLength)
    return requestsTooMuch(`the token would have more than ${limits.tokenLength} characters`);
  const signedDigest = signingDigest(key.algorithm, input);
  const record: IssuedRecord = {
    ...granted,
    ...(policyErrors.length > 0 && { policyErrors }),
    status: 'issued',
    expiresAt: claims.exp * 1000,
    ...(obligations && { obligations }),
    keyId: key.keyId,
    statusList,
    size,
    signedDigest,
  };

  const signing = signer.sign({ input, digest: signedDigest });
  const reading = subjectStatuses.get(caller.subject);
  // The record uses the proof up. It is stored last, so that no other failure does.
  if (proofUse !== undefined) await orRecorded(Promise.all([signing, reading]), fields, ports);
  const storing = proofUse === undefined ? records.put(record).then(() => true) : records.putOnce(record, proofUse);
  const [stored, signature, subjectStatus] = await Promise.allSettled([
    storing.then((isFirst) => ({ isFirst, at: clock.now() })),
    signing,
    reading,
  ]);
  // The record already says `issued`. If no token is released, mark it as failed. An earlier revocation stays in place.
  const fail = (failure: Failure) => records.markFailed(tokenId, { failure, failedAt: clock.now() });
  if (stored.status === 'rejected') {
    // The record may be stored although the response was lost.
    await fail('record_unconfirmed').catch(() => {});
    throw stored.reason;
  }
  if (!stored.value.isFirst) {
    await deny('proof_used', fields, ports);
    return { kind: 'proof_unusable', problem: PROOF_USED };
  }
  if (signature.status === 'rejected') {
    await fail('signing_failed');
    throw signature.reason;
  }
  if (subjectStatus.status === 'rejected') {
    await fail('standing_unreadable');
    throw subjectStatus.reason;
  }
  if (stored.value.at - decidedAt > STORED_WITHIN) {
    // A revocation that completed in the meantime may have missed this record.
    await fail('stored_late');
    throw new DependencyFault('DynamoDB', new Error('the record was stored too late'));
  }
  const restriction = restrictionOn(fields, subjectStatus.value);
  if (restriction !== undefined) restricted.add(caller.subject);
  if (restriction?.kind === 'refused') {
    await fail(restriction.denial);
    return { kind: 'denied', denial: restriction.denial, tokenId };
  }
  if (restriction?.kind === 'limited') {
    await fail('subject_limited');
    // This second signature happens once: the next requests of this subject are limited before signing.
    const again = shortened(fields, restriction.lifetime, ids.next());
    return signAndRecord({ caller, obligations }, again, rules, ports);
  }
  const token = compactJws(input, signature.value);
  const { scope } = claims;
  return { kind: 'issued', token, tokenId, lifetime, authorizationDetails, scope, obligations };
}

/** Returns the record fields of the same request with a shorter lifetime and another token ID. */
function shortened(fields: RecordFields, lifetime: number, tokenId: string): RecordFields {
  return { ...fields, tokenId, lifetime, ttl: fields.ttl - fields.lifetime + lifetime };
}

/** The claims of a token (RFC 9068, section 2.2). */
function tokenClaimsOf(
  issuer: string,
  caller: Caller,
  granted: Omit<RecordFields, 'policyErrors'>,
  obligations: Obligations | undefined,
  { list, index }: StatusReference,
): TokenClaims {
  const issuedAt = Math.floor(granted.decidedAt / 1000);
  return {
    iss: issuer,
    sub: caller.subject,
    aud: granted.audience,
    client_id: caller.subject,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + granted.lifetime,
    jti: granted.tokenId,
    authorization_details: granted.authorizationDetails,
    ...(granted.role !== undefined && { scope: `role:${granted.role}` }),
    ...(obligations && { obligations }),
    ...(granted.task !== undefined && { task: granted.task }),
    status: { status_list: { idx: index, uri: statusListUri(issuer, list) } },
    policy: granted.policyBundle.slice(0, 12),
  };
}
