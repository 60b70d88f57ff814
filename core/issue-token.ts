import type { AuthorizationDetail } from '../contract/authorization-details.ts';
import type { TokenClaims, TokenRequest } from '../contract/token.ts';
import { type Caller, parseCaller } from './identity.ts';
import { compactJws, signingDigest, signingInput } from './jws.ts';
import type { PolicyDecision, PolicyDecisionPoint } from './policy-decision-point.ts';
import type { Clock, Ids, Signer, SubjectWatermarks, TokenRecords } from './ports.ts';
import type { Denial, DeniedRecord, Failure, IssuedRecord } from './token-record.ts';

/** A request as the gateway authenticated it. */
export interface Authenticated {
  /** The caller's ARN, as the gateway states it. */
  userArn: string;
  /** The caller's AWS account. */
  account: string;
  sourceIp: string;
  requestId: string;
}

/** What this deployment lets tokens be. Lifetimes in seconds. */
export interface IssuingRules {
  issuer: string;
  defaultLifetime: number;
  maxLifetime: number;
  /** How long a record is kept after its token ended, in seconds. */
  recordRetention: number;
}

export interface IssueTokenPorts {
  decide: PolicyDecisionPoint;
  signer: Signer;
  records: TokenRecords;
  watermarks: SubjectWatermarks;
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
    }
  | { kind: 'lifetime_too_long'; maxLifetime: number }
  | { kind: 'denied'; denial: Denial | 'subject_revoked'; tokenId: string };

/**
 * Vends a token that says exactly what was asked for, if policy allows all of it.
 *
 * identity → policy decision → claims → record ∥ signature ∥ watermark → token. The token leaves only when its record
 * is durable, it is signed, and its subject was not revoked meanwhile.
 *
 * @throws DependencyFault when a record, a signature or the watermark could not be had
 */
export async function issueToken(
  request: TokenRequest,
  authenticated: Authenticated,
  rules: IssuingRules,
  ports: IssueTokenPorts,
): Promise<IssueTokenOutcome> {
  const lifetime = request.expires_in ?? rules.defaultLifetime;
  if (lifetime > rules.maxLifetime) return { kind: 'lifetime_too_long', maxLifetime: rules.maxLifetime };

  const asked = ask(request, lifetime, authenticated, rules, ports);
  const caller = parseCaller(authenticated.userArn);
  if (caller === undefined) return deny('unsupported_identity', asked, nothingDecided, ports);

  const decision = ports.decide(caller, request.authorization_details, { ...asked, time: asked.decidedAt });
  const asker = { ...asked, subject: caller.subject, ...(caller.session && { session: caller.session }) };
  if (!decision.allowed) return deny('policy', asker, decision, ports);

  return vend(caller, asker, decision, rules, ports);
}

type Asked = Omit<DeniedRecord, 'status' | 'denial' | 'policies' | 'policyErrors'>;

const nothingDecided: PolicyDecision = { allowed: false, policies: [], policyErrors: [] };

/** What was asked for, as every record of it says. */
function ask(
  request: TokenRequest,
  lifetime: number,
  from: Authenticated,
  { recordRetention }: IssuingRules,
  { clock, ids }: IssueTokenPorts,
): Asked {
  const decidedAt = clock.now();
  return {
    tokenId: ids.next(),
    subject: from.userArn,
    account: from.account,
    audience: request.audience ?? request.resource ?? '',
    authorizationDetails: request.authorization_details,
    lifetime,
    ...(request.reason && { reason: request.reason }),
    sourceIp: from.sourceIp,
    requestId: from.requestId,
    decidedAt,
    ttl: Math.floor(decidedAt / 1000) + lifetime + recordRetention,
  };
}

async function deny(
  denial: Denial,
  asked: Asked,
  { policies, policyErrors }: PolicyDecision,
  { records }: IssueTokenPorts,
): Promise<IssueTokenOutcome> {
  await records.put({ ...asked, status: 'denied', denial, policies, policyErrors });
  return { kind: 'denied', denial, tokenId: asked.tokenId };
}

async function vend(
  caller: Caller,
  asked: Asked,
  { policies }: PolicyDecision,
  { issuer }: IssuingRules,
  { signer, records, watermarks, clock }: IssueTokenPorts,
): Promise<IssueTokenOutcome> {
  const { tokenId, authorizationDetails, lifetime, decidedAt } = asked;
  const key = await signer.key();
  const claims = tokenClaimsOf(issuer, caller, asked);
  const input = signingInput(key, claims);
  const signedDigest = signingDigest(key.algorithm, input);
  const record: IssuedRecord = {
    ...asked,
    status: 'issued',
    policies,
    expiresAt: claims.exp * 1000,
    keyId: key.keyId,
    signedDigest,
  };

  const [stored, signature, watermark] = await Promise.allSettled([
    records.put(record),
    signer.sign({ input, digest: signedDigest }),
    watermarks.get(caller.subject),
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
  if (watermark.status === 'rejected') {
    await fail('watermark_unreadable');
    throw watermark.reason;
  }
  if (watermark.value !== undefined && decidedAt <= watermark.value) {
    await fail('subject_revoked');
    return { kind: 'denied', denial: 'subject_revoked', tokenId };
  }
  return { kind: 'issued', token: compactJws(input, signature.value), tokenId, lifetime, authorizationDetails };
}

/** The claims of a token (RFC 9068, section 2.2). */
function tokenClaimsOf(issuer: string, caller: Caller, asked: Asked): TokenClaims {
  const issuedAt = Math.floor(asked.decidedAt / 1000);
  return {
    iss: issuer,
    sub: caller.subject,
    aud: asked.audience,
    client_id: caller.subject,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + asked.lifetime,
    jti: asked.tokenId,
    authorization_details: asked.authorizationDetails,
  };
}
