import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import type { Obligations } from '@tvm/contract/token.ts';

/** What the machine remembers of every request it decided. Times are milliseconds since the epoch. */
interface Decided {
  tokenId: string;
  subject: string;
  account: string;
  session?: string;
  audience: string;
  /** Given, or asked for when denied. */
  authorizationDetails: AuthorizationDetail[];
  /** The role that was taken, or asked for. */
  role?: string;
  /** Lifetime in seconds: given, or asked for when denied. */
  lifetime: number;
  reason?: string;
  /** The task that it is for, by the workload's own id. */
  task?: string;
  sourceIp: string;
  requestId: string;
  /** When the request was decided. */
  decidedAt: number;
  /** The policies that decided, by `@id`. */
  policies: string[];
  /** The policies that could not be evaluated, by `@id`. Given in part, what they kept from it; absent when there is none. */
  policyErrors?: string[];
  /** The further conditions that refused, by name: all, or a part. */
  conditions?: string[];
  /** What was asked for, where it was to be given in part. */
  requested?: AuthorizationDetail[];
  /** The hash of the policy bundle that decided. */
  policyBundle: string;
  /** From when on the store may forget it, in seconds since the epoch. It says nothing about validity. */
  ttl: number;
}

/**
 * The longest time between the decision on a token and its record being durable, in milliseconds. A token whose record is
 * stored later is never released, so a revocation need not wait for it. Two attempts of an AWS call fit in.
 */
export const STORED_WITHIN = 4_000;

/** A token's place in the status lists (draft-ietf-oauth-status-list). */
export interface StatusReference {
  /** The list's number, from 1 on. */
  list: number;
  /** The token's bit in it, from 0 on. */
  index: number;
}

/** A record of a token that was signed, or was meant to be. */
interface Vended extends Decided {
  /** When the token ends: its `exp`, in milliseconds. Validity is judged by this, never by the item's presence. */
  expiresAt: number;
  /** What goes with the token for whoever enforces it. */
  obligations?: Obligations;
  keyId: string;
  /** Its place in a status list. */
  statusList: StatusReference;
  /** Of the token, in bytes. */
  size: number;
  /** The digest that was signed (SHA-256 or SHA-384 of the JWS signing input); the token itself is not kept. */
  signedDigest: Uint8Array;
}

export interface IssuedRecord extends Vended {
  status: 'issued';
}

/** Why a request is refused: by policy; for lack of a reason that policy asks for; by a further condition. */
export type RequestDenial =
  | 'policy'
  /** There is no such role, or the caller lacks an attribute that its locations are made of. */
  | 'role_unavailable'
  | 'reason_missing'
  | 'further_condition';

export type Denial =
  | RequestDenial
  /** All tokens of the subject that were decided until now are revoked, or it is blocked. */
  | 'subject_revoked'
  | 'subject_blocked'
  /** A further condition, or what the caller did lately, could not be asked. */
  | 'undecided'
  | 'unsupported_identity';

export interface DeniedRecord extends Decided {
  status: 'denied';
  denial: Denial;
  /** The policies that could not be evaluated, by `@id`. */
  policyErrors: string[];
}

export type Failure =
  | 'record_unconfirmed'
  | 'signing_failed'
  | 'standing_unreadable'
  /** The record was stored more than {@link STORED_WITHIN} after the decision. */
  | 'stored_late'
  | 'subject_revoked'
  | 'subject_blocked'
  /** Its lifetime was longer than the subject's may be for a time; a shorter one took its place. */
  | 'subject_limited';

/** Recorded as issued, but no token left. */
export interface FailedRecord extends Vended {
  status: 'failed';
  failure: Failure;
  failedAt: number;
}

export interface Revocation {
  revokedAt: number;
  /** The ARN of the caller, or the source of the event. */
  revokedBy: string;
  revocationReason?: string;
  /** The revocation that selected it, where one did. */
  revocationId?: string;
  /** Revoked by the second walk of that revocation, which counts apart from the first. */
  revokedLate?: true;
}

export interface RevokedRecord extends Vended, Revocation {
  status: 'revoked';
}

/** Past its end, and noted so. Validity is judged by `expiresAt` all the same. */
export interface ExpiredRecord extends Vended {
  status: 'expired';
}

/**
 * One decision, in the state it is in. `issued` is the only state that changes, once: to `failed`, `revoked` or
 * `expired`. That a token ended is read off the clock; `expired` follows within a minute or so.
 */
export type TokenRecord = IssuedRecord | DeniedRecord | FailedRecord | RevokedRecord | ExpiredRecord;

/**
 * Why a request was denied, as those see it who oversee tokens. A request may find its subject blocked, or revoked, only when
 * its record is stored as a token's: to them that is a denial as any other.
 *
 * @returns `undefined` when it was not denied
 */
export function denialOf(record: TokenRecord): Denial | undefined {
  if (record.status === 'denied') return record.denial;
  if (record.status !== 'failed') return undefined;
  const { failure } = record;
  return failure === 'subject_blocked' || failure === 'subject_revoked' ? failure : undefined;
}
