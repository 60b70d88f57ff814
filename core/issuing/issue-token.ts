import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import { limits } from '@tvm/contract/limits.ts';
import type { BadRequest } from '@tvm/contract/parse-parameters.ts';
import { type Obligations, roleOf, type TokenClaims, type TokenRequest } from '@tvm/contract/token.ts';
import { type Caller, callerOf, type Identity } from '../identity/caller.ts';
import { compactJws, signingDigest, signingInput, TOKEN_TYPE } from '../keys/jws.ts';
import type { Algorithm, Signer } from '../keys/ports.ts';
import { countsAsWrite, type PolicyBundle } from '../policy/bundle.ts';
import { type Clock, DependencyFault, type Ids } from '../ports.ts';
import type { SubjectStatuses, TokenRecords } from '../records/ports.ts';
import { restrictionOn } from '../records/subject-status.ts';
import {
  type Denial,
  type DeniedRecord,
  type Failure,
  type IssuedRecord,
  STORED_WITHIN,
  type StatusReference,
} from '../records/token-record.ts';
import { tokenEntries } from '../records/token-selector.ts';
import type { StatusIndexes } from '../status-lists/ports.ts';
import { statusListUri } from '../status-lists/status-list.ts';
import type { RecentSubjects } from './recent-subjects.ts';
import { decideToken, type LifetimeRules, type TokenDecision, type TokenDecisionPorts } from './token-decision.ts';

/** The origin of a request. */
interface Origin {
  sourceIp: string;
  /** The VPC endpoint that the request came through. */
  vpcEndpoint?: string;
  requestId: string;
}

/** A request as the gateway or a trust entry authenticated it. */
export type Authenticated = Origin & Identity;

/** The rules of this deployment for the tokens that it issues. Lifetimes are in seconds. */
export interface IssuingRules extends LifetimeRules {
  issuer: string;
  /** How long a record is stored after its token expires, in seconds. */
  recordRetention: number;
}

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
  | { kind: 'denied'; denial: Exclude<Denial, 'undecided'>; tokenId: string };

/**
 * Issues a token with exactly the requested permissions if policy allows all of them. A request for a partial grant
 * gets the permissions that policy allows.
 *
 * identity → decision → claims → record ∥ signature ∥ subject status → token
 *
 * The token is released only if its record is durable in time, it is signed, and its subject is neither revoked nor
 * blocked. If the subject was restricted a few seconds ago, the subject status is read before signing. A blocked
 * subject that keeps sending requests then costs neither a signature nor an index in a status list.
 *
 * @throws DependencyFault if the decision, the record, the signature, the subject status or the index in a status list
 *   fails or comes too late
 */
export async function issueToken(
  request: TokenRequest,
  authenticated: Authenticated,
  rules: IssuingRules,
  ports: IssueTokenPorts,
): Promise<IssueTokenOutcome> {
  const fields = recordFieldsOf(request, authenticated, rules, ports);
  const caller = callerOf(authenticated);
  if (caller === undefined) return deny('unsupported_identity', fields, ports);

  const callerFields = { ...fields, ...recordedOf(caller) };
  const from = { ...authenticated, time: fields.decidedAt };
  const decision = await orRecorded(decideToken(request, caller, from, rules, ports), callerFields, ports);
  if (decision.kind === 'bad_request') return decision;
  const decided = decidedOn(callerFields, decision, rules, ports.policies.bundle);
  if (decision.kind === 'denied') return deny(decision.denial, decided, ports);

  const early = ports.restricted.has(caller.subject)
    ? restrictionOn(decided, await orRecorded(ports.subjectStatuses.get(caller.subject), callerFields, ports))
    : undefined;
  if (early === undefined) return signAndRecord(caller, decided, decision.obligations, rules, ports);
  ports.restricted.add(caller.subject);
  if (early.kind === 'refused') {
    // A denial records the whole request, also if only a part of it was going to be granted.
    const { requested = decided.authorizationDetails, ...denied } = decided;
    return deny(early.denial, { ...denied, authorizationDetails: requested }, ports);
  }
  return signAndRecord(caller, shortened(decided, early.lifetime, decided.tokenId), decision.obligations, rules, ports);
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

/** The record fields about a caller. They suffice to evaluate its request again. */
function recordedOf(caller: Caller): Pick<DeniedRecord, 'subject' | 'session' | 'claims' | 'chosenClaims'> {
  const { subject, session } = caller;
  return {
    subject,
    ...(session && { session }),
    ...('claims' in caller && { claims: caller.claims }),
    ...('chosenClaims' in caller && caller.chosenClaims && { chosenClaims: caller.chosenClaims }),
  };
}

type RecordFields = Omit<DeniedRecord, 'status' | 'denial'>;

/** Returns the fields that every record of the request has, before the decision. */
function recordFieldsOf(
  { authorization_details, scope, audience, resource, expires_in, reason, task }: TokenRequest,
  from: Authenticated,
  { defaultLifetime, recordRetention }: IssuingRules,
  { clock, ids, policies }: IssueTokenPorts,
): RecordFields {
  const decidedAt = clock.now();
  const role = scope === undefined ? undefined : roleOf(scope);
  const lifetime = expires_in ?? defaultLifetime;
  return {
    tokenId: ids.next(),
    ...('federated' in from
      ? { subject: from.federated.subject, account: '' }
      : { subject: from.userArn, account: from.account }),
    audience: audience ?? resource ?? '',
    authorizationDetails: authorization_details ?? [],
    ...writeActionsIn(authorization_details ?? [], policies.bundle),
    ...(role !== undefined && { role }),
    lifetime,
    ...(reason && { reason }),
    ...(task !== undefined && { task }),
    sourceIp: from.sourceIp,
    requestId: from.requestId,
    decidedAt,
    policies: [],
    policyErrors: [],
    policyBundle: policies.bundle.hash,
    ttl: Math.floor(decidedAt / 1000) + lifetime + recordRetention,
  };
}

/** Returns the record fields completed with the decision. */
function decidedOn(
  fields: RecordFields,
  { asking, itemDecisions, decision, ...decided }: Exclude<TokenDecision, { kind: 'bad_request' }>,
  { recordRetention }: IssuingRules,
  bundle: PolicyBundle,
): RecordFields {
  const lifetime = decided.kind === 'allowed' ? decided.lifetime : asking.lifetime;
  const conditions = [...new Set(itemDecisions.flatMap(({ refusedBy = [] }) => refusedBy))];
  return {
    ...fields,
    audience: asking.audience,
    authorizationDetails: decided.kind === 'allowed' ? decision.granted : asking.details,
    ...writeActionsIn(asking.details, bundle),
    lifetime,
    policies: decision.policies,
    policyErrors: decision.policyErrors,
    ...(conditions.length > 0 && { conditions }),
    ...(asking.partial && decided.kind === 'allowed' && { requested: asking.details }),
    ttl: Math.floor(fields.decidedAt / 1000) + lifetime + recordRetention,
  };
}

/** Returns the record field with the actions that only the schema makes a write. */
function writeActionsIn(
  details: readonly AuthorizationDetail[],
  bundle: PolicyBundle,
): Pick<RecordFields, 'writeActions'> {
  const actions = new Set(details.flatMap((detail) => detail.actions));
  const writeActions = [...actions].filter((action) => action !== 'write' && countsAsWrite(bundle, action));
  return writeActions.length > 0 ? { writeActions } : {};
}

async function deny<D extends Denial>(denial: D, fields: RecordFields, { records }: IssueTokenPorts) {
  await records.put({ ...fields, status: 'denied', denial });
  return { kind: 'denied' as const, denial, tokenId: fields.tokenId };
}

/** The lengths of JWS signatures, in base64url characters. */
const SIGNATURE_LENGTHS: Record<Algorithm, number> = { ES256: 86, ES384: 128, RS256: 342 };

/** Signs the token and stores its record. Releases the token if both succeed and its subject is not restricted. */
async function signAndRecord(
  caller: Caller,
  fields: RecordFields,
  obligations: Obligations | undefined,
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

  const [stored, signature, subjectStatus] = await Promise.allSettled([
    records.put(record).then(() => clock.now()),
    signer.sign({ input, digest: signedDigest }),
    subjectStatuses.get(caller.subject),
  ]);
  // The record already says `issued`. If no token is released, mark it as failed. An earlier revocation stays in place.
  const fail = (failure: Failure) => records.markFailed(tokenId, { failure, failedAt: clock.now() });
  if (stored.status === 'rejected') {
    // The record may be stored although the response was lost.
    await fail('record_unconfirmed').catch(() => {});
    throw stored.reason;
  }
  if (signature.status === 'rejected') {
    await fail('signing_failed');
    throw signature.reason;
  }
  if (subjectStatus.status === 'rejected') {
    await fail('standing_unreadable');
    throw subjectStatus.reason;
  }
  if (stored.value - decidedAt > STORED_WITHIN) {
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
    return signAndRecord(caller, shortened(fields, restriction.lifetime, ids.next()), obligations, rules, ports);
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
