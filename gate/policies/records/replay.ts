import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import { limits } from '@tvm/contract/limits.ts';
import { type Caller, namedCaller } from '@tvm/core/identity/caller.ts';
import { decideToken, type TokenDecision } from '@tvm/core/issuing/token-decision.ts';
import type { PolicyBundle } from '@tvm/core/policy/bundle.ts';
import { type PolicyDecisionPoint, policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import type { RecordLine } from './read-records.ts';

/** A recorded decision that would change. */
export interface ChangedDecision {
  eventId: string;
  tokenId: string;
  /** The time of the decision. */
  time: string;
  subject: string;
  audience: string;
  role?: string;
  authorizationDetails: AuthorizationDetail[];
  was: 'issued' | 'denied';
  /** The new decision, as a clause. */
  now: string;
}

/** The result for one record. */
export interface Replayed {
  /** Whether policies determine the decision at all. */
  evaluated: boolean;
  change?: ChangedDecision;
  /** Data that policies read but records do not contain, so that a value was assumed. */
  assumed: string[];
}

type Recorded = Extract<RecordLine, { kind: 'issued' | 'denied' }>;

/** The denials that depend on policy. Others do not change with the policies. */
const BY_POLICY = ['policy', 'role_unavailable', 'reason_missing'];

const LIFETIMES = { defaultLifetime: 900, defaultWriteLifetime: 300, maxLifetime: limits.lifetime };

/** Data that records do not contain. */
const UNRECORDED = {
  behaviour: 'the recent behaviour of the workload',
  vpcEndpoint: 'the VPC endpoint',
  organization: 'the organization',
};

/** Returns a function that decides recorded requests again with other policies. The request is that of the record. */
export function replayBy(bundle: PolicyBundle): (record: Recorded) => Promise<Replayed> {
  const policies = policyDecisionPoint(bundle);
  return async (record) => {
    const { detail } = record;
    const caller = namedCaller(detail.subject, { session: detail.session, claims: detail.claims });
    if (caller === undefined || (record.kind === 'denied' && !BY_POLICY.includes(record.detail.denial))) {
      return { evaluated: false, assumed: [] };
    }
    const decision = await decideAgain(record, caller, policies);
    const now = nowOf(record, decision);
    const { eventId, tokenId, time, subject, audience, role, authorizationDetails } = detail;
    return {
      evaluated: true,
      assumed: assumedIn(decision, caller, policies),
      ...(now !== undefined && {
        change: {
          eventId,
          tokenId,
          time,
          subject,
          audience,
          ...(role !== undefined && { role }),
          authorizationDetails,
          was: record.kind,
          now,
        },
      }),
    };
  };
}

function decideAgain(
  { kind, detail }: Recorded,
  caller: Caller,
  policies: PolicyDecisionPoint,
): Promise<TokenDecision> {
  const { role, authorizationDetails, audience, expiresIn, reason, time, sourceIp } = detail;
  const requested = role === undefined ? { authorization_details: authorizationDetails } : { scope: `role:${role}` };
  const request = {
    ...requested,
    // A role may have been granted in part. Then only that part must be allowed again.
    grant: role !== undefined && kind === 'issued' ? ('partial' as const) : undefined,
    audience: audience === '' ? undefined : audience,
    expires_in: expiresIn,
    reason,
  };
  const behaviour = { of: async () => ({ issued: 0, denied: 0, active: 0 }) };
  const circumstances = { time: Date.parse(time), sourceIp };
  return decideToken(request, caller, circumstances, LIFETIMES, { policies, conditions: [], behaviour });
}

/** Returns the new decision as a clause, or `undefined` if it is the same. */
function nowOf({ kind, detail }: Recorded, decision: TokenDecision): string | undefined {
  if (decision.kind === 'bad_request') return kind === 'issued' ? 'would be an invalid request' : undefined;
  const ids = decision.decision.policies.join(', ');
  if (decision.kind === 'denied') {
    if (kind === 'denied') return undefined;
    if (decision.denial === 'role_unavailable') return 'would be denied: the role cannot be assumed';
    if (decision.denial === 'reason_missing') return `would be denied: ${ids} require a reason`;
    return ids === '' ? 'would be denied: no policy permits it' : `would be denied by ${ids}`;
  }
  if (kind === 'denied') return `would be allowed by ${ids}`;
  const had = pairsOf(detail.authorizationDetails);
  const has = pairsOf(decision.decision.granted);
  const lost = had.filter((pair) => !has.includes(pair));
  const gained = has.filter((pair) => !had.includes(pair));
  const also = gained.length > 0 ? `also have ${gained.join(', ')}` : '';
  if (lost.length > 0) return `would be without ${lost.join(', ')}${also && `, and ${also}`}`;
  if (also !== '') return `would ${also}`;
  if (decision.lifetime < detail.expiresIn)
    return `would expire after ${decision.lifetime} s instead of ${detail.expiresIn} s`;
  const was = 'obligations' in detail ? detail.obligations : undefined;
  if (canonical(was) !== canonical(decision.obligations)) {
    return `would have the obligations ${canonical(decision.obligations)} instead of ${canonical(was)}`;
  }
  return undefined;
}

function pairsOf(details: readonly AuthorizationDetail[]): string[] {
  return details.flatMap(({ actions, locations, fields }) =>
    locations.flatMap((location) =>
      actions.map((action) => `${action} ${location}${fields === undefined ? '' : `#${fields.toSorted().join()}`}`),
    ),
  );
}

function canonical(obligations: object | undefined): string {
  const members = Object.entries(obligations ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return members.length === 0 ? 'nothing' : JSON.stringify(Object.fromEntries(members));
}

function assumedIn(decision: TokenDecision, caller: Caller, policies: PolicyDecisionPoint): string[] {
  if (decision.kind === 'bad_request') return [];
  const reads = (attribute: string) => policies.reads(attribute, caller, decision.asking);
  return Object.entries(UNRECORDED)
    .filter(([attribute]) => reads(attribute))
    .map(([, words]) => words);
}
