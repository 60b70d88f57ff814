import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import { limits } from '@tvm/contract/limits.ts';
import type { BadRequest } from '@tvm/contract/parse-parameters.ts';
import { type Obligations, roleOf, type TokenClaims, type TokenRequest } from '@tvm/contract/token.ts';
import { type Caller, parseCaller } from '../identity/caller.ts';
import { compactJws, signingDigest, signingInput, TOKEN_TYPE } from '../keys/jws.ts';
import type { Algorithm, Signer } from '../keys/ports.ts';
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

/** A request as the gateway authenticated it. */
export interface Authenticated {
  /** The caller's ARN, as the gateway states it. */
  userArn: string;
  /** The caller's AWS account. */
  account: string;
  /** The AWS organization of that account, where the gateway states it. */
  organization?: string;
  sourceIp: string;
  /** The VPC endpoint that the request came through. */
  vpcEndpoint?: string;
  requestId: string;
}

/** What this deployment lets tokens be. Lifetimes in seconds. */
export interface IssuingRules extends LifetimeRules {
  issuer: string;
  /** How long a record is kept after its token ended, in seconds. */
  recordRetention: number;
}

export interface IssueTokenPorts extends TokenDecisionPorts {
  signer: Signer;
  statusIndexes: StatusIndexes;
  records: TokenRecords;
  subjectStatuses: SubjectStatuses;
  /** Subjects that a restriction was found against. */
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
 * Vends a token that says exactly what was asked for, if policy allows all of it; or, if a part was asked for, what
 * policy allows of it.
 *
 * identity → decision → claims → record ∥ signature ∥ subject status → token. The token leaves only when its record was made
 * durable in time, it is signed, and nothing is held against its subject. Where something was held against the subject a
 * few seconds ago, that is looked at first: a subject that is refused and keeps asking costs neither signature nor place.
 *
 * @throws DependencyFault when a decision, a record, a signature, the subject status or a place in a status list
 *   could not be had, or not in time
 */
export async function issueToken(
  request: TokenRequest,
  authenticated: Authenticated,
  rules: IssuingRules,
  ports: IssueTokenPorts,
): Promise<IssueTokenOutcome> {
  const asked = ask(request, authenticated, rules, ports);
  const caller = parseCaller(authenticated.userArn, authenticated.organization);
  if (caller === undefined) return deny('unsupported_identity', asked, ports);

  const asker = { ...asked, subject: caller.subject, ...(caller.session && { session: caller.session }) };
  const from = { ...authenticated, time: asked.decidedAt };
  const decision = await orRecorded(decideToken(request, caller, from, rules, ports), asker, ports);
  if (decision.kind === 'bad_request') return decision;
  const decided = decidedOn(asker, decision, rules);
  if (decision.kind === 'denied') return deny(decision.denial, decided, ports);

  const early = ports.restricted.has(caller.subject)
    ? restrictionOn(decided, await orRecorded(ports.subjectStatuses.get(caller.subject), asker, ports))
    : undefined;
  if (early === undefined) return vend(caller, decided, decision.obligations, rules, ports);
  ports.restricted.add(caller.subject);
  if (early.kind === 'refused') {
    // A denial says what was asked for, also where a part of it was to be given.
    const { requested = decided.authorizationDetails, ...denied } = decided;
    return deny(early.denial, { ...denied, authorizationDetails: requested }, ports);
  }
  return vend(caller, shortened(decided, early.lifetime, decided.tokenId), decision.obligations, rules, ports);
}

/** Awaits what a decision takes. A request that could not be decided leaves a record too. */
async function orRecorded<T>(deciding: Promise<T>, asked: Asked, ports: IssueTokenPorts): Promise<T> {
  try {
    return await deciding;
  } catch (fault) {
    await deny('undecided', asked, ports).catch(() => {});
    throw fault;
  }
}

type Asked = Omit<DeniedRecord, 'status' | 'denial'>;

/** What was asked for, as every record of it says, before anything is decided. */
function ask(
  { authorization_details, scope, audience, resource, expires_in, reason, task }: TokenRequest,
  from: Authenticated,
  { defaultLifetime, recordRetention }: IssuingRules,
  { clock, ids, policies }: IssueTokenPorts,
): Asked {
  const decidedAt = clock.now();
  const role = scope === undefined ? undefined : roleOf(scope);
  const lifetime = expires_in ?? defaultLifetime;
  return {
    tokenId: ids.next(),
    subject: from.userArn,
    account: from.account,
    audience: audience ?? resource ?? '',
    authorizationDetails: authorization_details ?? [],
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

/** The same, with what the decision made of it. */
function decidedOn(
  asked: Asked,
  { asking, judgements, decision, ...decided }: Exclude<TokenDecision, { kind: 'bad_request' }>,
  { recordRetention }: IssuingRules,
): Asked {
  const lifetime = decided.kind === 'allowed' ? decided.lifetime : asking.lifetime;
  const conditions = [...new Set(judgements.flatMap(({ refusedBy = [] }) => refusedBy))];
  return {
    ...asked,
    audience: asking.audience,
    authorizationDetails: decided.kind === 'allowed' ? decision.granted : asking.details,
    lifetime,
    policies: decision.policies,
    policyErrors: decision.policyErrors,
    ...(conditions.length > 0 && { conditions }),
    ...(asking.partial && decided.kind === 'allowed' && { requested: asking.details }),
    ttl: Math.floor(asked.decidedAt / 1000) + lifetime + recordRetention,
  };
}

async function deny<D extends Denial>(denial: D, asked: Asked, { records }: IssueTokenPorts) {
  await records.put({ ...asked, status: 'denied', denial });
  return { kind: 'denied' as const, denial, tokenId: asked.tokenId };
}

/** Of signatures as JWS writes them, in characters of base64url. */
const SIGNATURE_LENGTHS: Record<Algorithm, number> = { ES256: 86, ES384: 128, RS256: 342 };

async function vend(
  caller: Caller,
  asked: Asked,
  obligations: Obligations | undefined,
  rules: IssuingRules,
  ports: IssueTokenPorts,
): Promise<IssueTokenOutcome> {
  const { signer, records, subjectStatuses, restricted, statusIndexes, clock, ids } = ports;
  const { policyErrors, ...granted } = asked;
  const { tokenId, authorizationDetails, lifetime, decidedAt } = granted;
  const asksForTooMuch = (problem: string): IssueTokenOutcome => {
    const field = granted.role === undefined ? 'authorization_details' : 'scope';
    return { kind: 'bad_request', bad: { field, problem: `must ask for less: ${problem}` } };
  };
  const entries = tokenEntries(granted).length;
  if (entries > limits.indexEntries)
    return asksForTooMuch(
      `the token would have ${entries} index entries, and at most ${limits.indexEntries} are allowed; each location and each of its ancestors is one`,
    );
  const [key, statusList] = await Promise.all([signer.key(), statusIndexes.take()]);
  const claims = tokenClaimsOf(rules.issuer, caller, granted, obligations, statusList);
  const input = signingInput(key, TOKEN_TYPE, claims);
  const size = input.length + 1 + SIGNATURE_LENGTHS[key.algorithm];
  if (size > limits.tokenLength)
    return asksForTooMuch(`the token would have more than ${limits.tokenLength} characters`);
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
  // The record says «issued». When no token leaves, it must say so, and a revocation that came first stands.
  const fail = (failure: Failure) => records.markFailed(tokenId, { failure, failedAt: clock.now() });
  if (stored.status === 'rejected') {
    // It may have been stored all the same, and only the answer lost.
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
    // A revocation that was completed meanwhile may not have seen it.
    await fail('stored_late');
    throw new DependencyFault('DynamoDB', new Error('the record was stored late'));
  }
  const restriction = restrictionOn(asked, subjectStatus.value);
  if (restriction !== undefined) restricted.add(caller.subject);
  if (restriction?.kind === 'refused') {
    await fail(restriction.denial);
    return { kind: 'denied', denial: restriction.denial, tokenId };
  }
  if (restriction?.kind === 'limited') {
    await fail('subject_limited');
    // The first time only: the next request of this subject is limited before it is signed.
    return vend(caller, shortened(asked, restriction.lifetime, ids.next()), obligations, rules, ports);
  }
  const token = compactJws(input, signature.value);
  const { scope } = claims;
  return { kind: 'issued', token, tokenId, lifetime, authorizationDetails, scope, obligations };
}

/** The same token with a shorter lifetime. */
function shortened(asked: Asked, lifetime: number, tokenId: string): Asked {
  return { ...asked, tokenId, lifetime, ttl: asked.ttl - asked.lifetime + lifetime };
}

/** The claims of a token (RFC 9068, section 2.2). */
function tokenClaimsOf(
  issuer: string,
  caller: Caller,
  granted: Omit<Asked, 'policyErrors'>,
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
