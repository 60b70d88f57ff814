import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import type { Claims } from '@tvm/contract/claims.ts';
import type { Obligations } from '@tvm/contract/token.ts';

/** The record of a decided request. Times are in milliseconds since the epoch. */
interface Decided {
  tokenId: string;
  subject: string;
  /** The AWS account of the subject; empty for a federated workload. */
  account: string;
  /** The running workload: the name of a role session, a pod or a run. */
  session?: string;
  /** The mapped claims of a federated workload that its issuer vouches for. */
  claims?: Claims;
  /** The mapped claims that the federated workload chose itself. */
  chosenClaims?: Claims;
  audience: string;
  /** The granted permissions; in a denial, the requested ones. */
  authorizationDetails: AuthorizationDetail[];
  /** Actions in these permissions that count as a write besides `write`. Absent if there are none. */
  writeActions?: string[];
  /** The role that the caller assumed or requested. */
  role?: string;
  /** The granted lifetime in seconds; in a denial, the requested one. */
  lifetime: number;
  reason?: string;
  /** The workload's own ID of the task that the token is for. */
  task?: string;
  sourceIp: string;
  requestId: string;
  /** When the request was decided. */
  decidedAt: number;
  /** The `@id`s of the policies that determined the decision. */
  policies: string[];
  /** The `@id`s of the policies whose evaluation failed. Absent if there are none. */
  policyErrors?: string[];
  /** The names of the external authorizers that denied the request or a part of it. */
  conditions?: string[];
  /** The requested permissions, if the request allowed a partial grant. */
  requested?: AuthorizationDetail[];
  /** The hash of the policy bundle that was used for the decision. */
  policyBundle: string;
  /** When the store may delete the record, in seconds since the epoch. It says nothing about validity. */
  ttl: number;
}

/**
 * The maximum time from the decision until the record is durable, in milliseconds. A token whose record is stored later
 * is never released, so a revocation need not wait for it. Two attempts of an AWS call fit into this time.
 */
export const STORED_WITHIN = 4_000;

/** The status list and index of a token (draft-ietf-oauth-status-list). */
export interface StatusReference {
  /** The number of the list, starting at 1. */
  list: number;
  /** The index of the token in the list, starting at 0. */
  index: number;
}

/** The record of an allowed request, whose token was signed unless signing failed. */
interface TokenIssuance extends Decided {
  /**
   * When the token expires: its `exp`, in milliseconds. Validity depends on this time, never on whether the item
   * exists.
   */
  expiresAt: number;
  /** The obligations in the token, for the resource server to enforce. */
  obligations?: Obligations;
  keyId: string;
  statusList: StatusReference;
  /** The size of the token in bytes. */
  size: number;
  /** The digest that was signed: SHA-256 or SHA-384 of the JWS signing input. The token itself is not stored. */
  signedDigest: Uint8Array;
}

export interface IssuedRecord extends TokenIssuance {
  status: 'issued';
}

/** Why the decision denied a request. */
export type RequestDenial =
  | 'policy'
  /** The role does not exist, or the caller lacks an attribute that the locations of the role refer to. */
  | 'role_unavailable'
  /** Policy requires a reason, and the request has none. */
  | 'reason_missing'
  /** An external authorizer denied the request. */
  | 'further_condition';

export type Denial =
  | RequestDenial
  /** The subject's revocation watermark or block applies to the token. */
  | 'subject_revoked'
  | 'subject_blocked'
  /** An external authorizer or the recent behaviour of the caller was unavailable. */
  | 'undecided'
  | 'unsupported_identity'
  /** The proof of another issuer was not accepted. */
  | 'proof_refused'
  /** The proof may be used once, and was used before. */
  | 'proof_used';

/** The first check that a proof failed. Its texts are short and printable, and never contain the proof. */
export interface RefusedProof {
  /** The trust entry. */
  trust: string;
  /** The claim, the header parameter, `signature` or `source address`. */
  claim: string;
  expected: string;
  found: string;
  /** Whether the issuer signed the proof. If it did not, anybody can have sent it, and only a sample is recorded. */
  signed: boolean;
}

export interface DeniedRecord extends Decided {
  status: 'denied';
  denial: Denial;
  /** The `@id`s of the policies whose evaluation failed. */
  policyErrors: string[];
  /** With `proof_refused`. The subject is then the name of the trust entry, because nobody was authenticated. */
  refusedProof?: RefusedProof;
}

export type Failure =
  | 'record_unconfirmed'
  | 'signing_failed'
  | 'standing_unreadable'
  /** The record was stored more than {@link STORED_WITHIN} after the decision. */
  | 'stored_late'
  | 'subject_revoked'
  | 'subject_blocked'
  /** The lifetime exceeded the limit of the subject. A token with a shorter lifetime replaced this one. */
  | 'subject_limited';

/** A record that was stored as issued, but whose token was never released. */
export interface FailedRecord extends TokenIssuance {
  status: 'failed';
  failure: Failure;
  failedAt: number;
}

export interface Revocation {
  revokedAt: number;
  /** The ARN of the caller, or the source of the event. */
  revokedBy: string;
  revocationReason?: string;
  /** The ID of the revocation that selected the token. Absent if the workload revoked its own token by ID. */
  revocationId?: string;
  /** Set if the second walk of that revocation revoked the token. The two walks are counted separately. */
  revokedLate?: true;
}

export interface RevokedRecord extends TokenIssuance, Revocation {
  status: 'revoked';
}

/** A record that a sweep marked as expired. Validity still depends on `expiresAt` alone. */
export interface ExpiredRecord extends TokenIssuance {
  status: 'expired';
}

/**
 * The record of one decision in its current state. Only the state `issued` changes, and only once: to `failed`,
 * `revoked` or `expired`. Whether a token has expired is computed from the clock; the state `expired` follows in about
 * a minute.
 */
export type TokenRecord = IssuedRecord | DeniedRecord | FailedRecord | RevokedRecord | ExpiredRecord;

/**
 * Returns why a request was denied, for the operators' view. A block or watermark may be found only after the record
 * was stored as issued. Such a failed record counts as a denial like any other.
 *
 * @returns the denial, or `undefined` if the request was not denied
 */
export function denialOf(record: TokenRecord): Denial | undefined {
  if (record.status === 'denied') return record.denial;
  if (record.status !== 'failed') return undefined;
  const { failure } = record;
  return failure === 'subject_blocked' || failure === 'subject_revoked' ? failure : undefined;
}
