import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import { type RequestParameters, roleOf } from '@tvm/contract/token.ts';
import type { Caller } from '../identity/caller.ts';
import { countsAsWrite, type PolicyBundle } from '../policy/bundle.ts';
import type { Ids } from '../ports.ts';
import type { TokenRecords } from '../records/ports.ts';
import type { Denial, DeniedRecord } from '../records/token-record.ts';
import type { LifetimeRules, TokenDecision, TokenDecisionPorts } from './token-decision.ts';

/** The origin of a request. */
export interface Origin {
  sourceIp: string;
  /** The VPC endpoint that the request came through. */
  vpcEndpoint?: string;
  requestId: string;
}

/** The rules of this deployment for the tokens that it issues. Lifetimes are in seconds. */
export interface IssuingRules extends LifetimeRules {
  issuer: string;
  /** How long a record is stored after its token expires, in seconds. */
  recordRetention: number;
}

/** The fields that every record of a request has. */
export type RecordFields = Omit<DeniedRecord, 'status' | 'denial'>;

/**
 * Returns the fields that every record of the request has, before the decision.
 *
 * @param who the subject as far as it is known, and its AWS account
 * @param decidedAt milliseconds since the epoch
 */
export function recordFieldsOf(
  { authorization_details, scope, audience, resource, expires_in, reason, task }: RequestParameters,
  who: Pick<DeniedRecord, 'subject' | 'account'>,
  { sourceIp, requestId }: Origin,
  decidedAt: number,
  { defaultLifetime, maxLifetime, recordRetention }: IssuingRules,
  { ids, policies }: Pick<TokenDecisionPorts, 'policies'> & { ids: Ids },
): RecordFields {
  const role = scope === undefined ? undefined : roleOf(scope);
  // A request may be recorded before its lifetime is checked, and must not set how long its record is stored.
  const lifetime = Math.min(expires_in ?? defaultLifetime, maxLifetime);
  return {
    tokenId: ids.next(),
    ...who,
    audience: audience ?? resource ?? '',
    authorizationDetails: authorization_details ?? [],
    ...writeActionsIn(authorization_details ?? [], policies.bundle),
    ...(role !== undefined && { role }),
    lifetime,
    ...(reason && { reason }),
    ...(task !== undefined && { task }),
    sourceIp,
    requestId,
    decidedAt,
    policies: [],
    policyErrors: [],
    policyBundle: policies.bundle.hash,
    ttl: Math.floor(decidedAt / 1000) + lifetime + recordRetention,
  };
}

/** The record fields about a caller. They suffice to evaluate its request again. */
export function recordedOf(caller: Caller): Pick<DeniedRecord, 'subject' | 'session' | 'claims' | 'chosenClaims'> {
  const { subject, session } = caller;
  return {
    subject,
    ...(session && { session }),
    ...('claims' in caller && { claims: caller.claims }),
    ...('chosenClaims' in caller && caller.chosenClaims && { chosenClaims: caller.chosenClaims }),
  };
}

/** Returns the record fields completed with the decision. */
export function decidedOn(
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

/**
 * Records a request as denied. A denial records the whole request, also if only a part of it was going to be granted.
 *
 * @throws DependencyFault if the record cannot be stored
 */
export async function deny<D extends Denial>(denial: D, fields: RecordFields, { records }: { records: TokenRecords }) {
  const { requested = fields.authorizationDetails, ...denied } = fields;
  await records.put({ ...denied, authorizationDetails: requested, status: 'denied', denial });
  return { kind: 'denied' as const, denial, tokenId: fields.tokenId };
}
