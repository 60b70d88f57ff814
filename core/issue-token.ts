import type { AuthorizationDetail } from '../contract/authorization-details.ts';
import { limits } from '../contract/limits.ts';
import type { BadRequest } from '../contract/parse-parameters.ts';
import { type Obligations, roleOf, type TokenClaims, type TokenRequest } from '../contract/token.ts';
import { type Caller, parseCaller } from './identity.ts';
import { compactJws, signingDigest, signingInput, TOKEN_TYPE } from './jws.ts';
import type { Algorithm, Clock, Ids, Signer, StatusIndexes, SubjectStandings, TokenRecords } from './ports.ts';
import { holds } from './standing.ts';
import { statusListUri } from './status-list.ts';
import { decideToken, type LifetimeRules, type TokenDecision, type TokenDecisionPorts } from './token-decision.ts';
import type { Denial, DeniedRecord, Failure, IssuedRecord, StatusReference } from './token-record.ts';

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
  standings: SubjectStandings;
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
    }
  | { kind: 'bad_request'; bad: BadRequest }
  | { kind: 'denied'; denial: Exclude<Denial, 'undecided'> | 'subject_revoked' | 'subject_blocked'; tokenId: string };

/**
 * Vends a token that says exactly what was asked for, if policy allows all of it; or, if a part was asked for, what
 * policy allows of it.
 *
 * identity → decision → claims → record ∥ signature ∥ standing → token. The token leaves only when its record is
 * durable, it is signed, and nothing is held against its subject.
 *
 * @throws DependencyFault when a decision, a record, a signature, the subject's standing or a place in a status list
 *   could not be had
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
  let decision: TokenDecision;
  try {
    decision = await decideToken(request, caller, { ...authenticated, time: asked.decidedAt }, rules, ports);
  } catch (fault) {
    // A request that could not be decided leaves a record too.
    await deny('undecided', asker, ports).catch(() => {});
    throw fault;
  }
  if (decision.kind === 'bad_request') return decision;
  if (decision.kind === 'denied') return deny(decision.denial, decidedOn(asker, decision, rules), ports);
  return vend(caller, decidedOn(asker, decision, rules), decision.obligations, rules, ports);
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
  const { signer, records, standings, statusIndexes, clock } = ports;
  const { policyErrors, ...granted } = asked;
  const { tokenId, authorizationDetails, lifetime, decidedAt } = granted;
  const [key, statusList] = await Promise.all([signer.key(), statusIndexes.take()]);
  const claims = tokenClaimsOf(rules.issuer, caller, granted, obligations, statusList);
  const input = signingInput(key, TOKEN_TYPE, claims);
  const size = input.length + 1 + SIGNATURE_LENGTHS[key.algorithm];
  if (size > limits.tokenLength) {
    const field = granted.role === undefined ? 'authorization_details' : 'scope';
    const problem = `must ask for less: the token would have more than ${limits.tokenLength} characters`;
    return { kind: 'bad_request', bad: { field, problem } };
  }
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

  const [stored, signature, standing] = await Promise.allSettled([
    records.put(record),
    signer.sign({ input, digest: signedDigest }),
    standings.get(caller.subject),
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
  if (standing.status === 'rejected') {
    await fail('standing_unreadable');
    throw standing.reason;
  }
  const { revokedBefore, block, limit } = standing.value;
  if (revokedBefore !== undefined && decidedAt <= revokedBefore) {
    await fail('subject_revoked');
    return { kind: 'denied', denial: 'subject_revoked', tokenId };
  }
  if (holds(block, decidedAt)) {
    await fail('subject_blocked');
    return { kind: 'denied', denial: 'subject_blocked', tokenId };
  }
  if (limit !== undefined && holds(limit, decidedAt) && lifetime > limit.lifetime) {
    await fail('subject_limited');
    // Rare, and only for whom anomalies were seen of: worth a second record rather than a call for everybody.
    return vend(caller, shortened(asked, limit.lifetime, ports), obligations, rules, ports);
  }
  const token = compactJws(input, signature.value);
  return { kind: 'issued', token, tokenId, lifetime, authorizationDetails, scope: claims.scope };
}

/** The same, as another token with a shorter lifetime. */
function shortened(asked: Asked, lifetime: number, { ids }: IssueTokenPorts): Asked {
  return { ...asked, tokenId: ids.next(), lifetime, ttl: asked.ttl - asked.lifetime + lifetime };
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
