import { requireSelection } from '@tvm/contract/selector.ts';
import type { Clock } from '../../ports.ts';
import type { AuditFacts, SubjectStatuses, TokenRecords } from '../../records/ports.ts';
import { selects } from '../../records/token-selector.ts';
import type { RevocationRequests } from './ports.ts';
import {
  type RevocationRequest,
  type RevocationState,
  revocationBy,
  type SubmittedRevocation,
  tokenSelectorOf,
  toRevocationRequest,
  wholeSubject,
} from './revocation-request.ts';

export interface SubmitRevocationPorts {
  records: TokenRecords;
  subjectStatuses: SubjectStatuses;
  orders: RevocationRequests;
  facts: AuditFacts;
  clock: Clock;
}

/**
 * The result of submitting a revocation: one token is revoked at once; any other revocation becomes a stored request.
 */
export type Submission =
  | { kind: 'one_token'; revoked: 0 | 1 }
  | { kind: 'order'; order: RevocationState; blockedUntil: number | undefined };

/**
 * Submits a revocation. A single token is revoked at once. A whole subject is also revoked at once, because issuing and
 * introspection read its watermark. The records of its tokens follow while the request runs.
 *
 * If the subject is blocked, the tokens that it was issued until the block took effect are revoked too. Otherwise, a
 * workload that requests tokens all the time would keep one.
 *
 * Idempotent for the same ID: a block that was lifted in the meantime stays lifted.
 *
 * @param rules.blockFor the default block of a revoked subject, in seconds
 * @throws if the selector is empty. Callers must reject an empty selector; it never means "all tokens".
 */
export async function submitRevocation(
  submitted: SubmittedRevocation,
  rules: { blockFor: number },
  ports: SubmitRevocationPorts,
): Promise<Submission> {
  const { subjectStatuses, orders, clock } = ports;
  const { revocationId, selector, after = 0 } = submitted;
  requireSelection(selector, ({ message }) => {
    throw new Error(`the selector of a revocation must not be empty: all ${message}`);
  });
  const wanted = toRevocationRequest(submitted, rules);
  if (selector.tokenId !== undefined && after === 0) {
    return { kind: 'one_token', revoked: await revokeOne(selector.tokenId, wanted, ports) };
  }

  const known = await orders.get(revocationId);
  if (known !== undefined) return { kind: 'order', order: known, blockedUntil: undefined };
  if (after > 0) return { kind: 'order', order: await orders.submit(wanted), blockedUntil: undefined };
  const blockedUntil = await restrictSubject(wanted, subjectStatuses);
  const revokedBefore =
    wanted.blockFor !== undefined ? await raiseToBlock(wanted, { subjectStatuses, clock }) : wanted.revokedBefore;
  return { kind: 'order', order: await orders.submit({ ...wanted, revokedBefore }), blockedUntil };
}

/**
 * Revokes a token if it matches the selector. A token that was not active causes no `Token Revoked` event, so the audit
 * gets a `Revocation Completed` event with a count of 0.
 *
 * @returns 1 if this request revoked the token, now or in an earlier call
 */
async function revokeOne(
  tokenId: string,
  order: RevocationRequest,
  { records, facts, clock }: Pick<SubmitRevocationPorts, 'records' | 'facts' | 'clock'>,
): Promise<0 | 1> {
  const { revocationId, selector, by, reason } = order;
  const record = await records.get(tokenId);
  const now = clock.now();
  const matches = record !== undefined && selects(tokenSelectorOf(order), record);
  const revocation = matches ? await records.revoke(tokenId, revocationBy(order, now)) : undefined;
  if (revocation?.revocationId === revocationId) return 1;
  const time = new Date(now).toISOString();
  await facts.put(`completed-${revocationId}`, {
    detailType: 'Revocation Completed',
    detail: { time, revocationId, revoked: 0, selector, by, ...(reason && { reason }) },
  });
  return 0;
}

/**
 * If the request revokes a whole subject, writes its revocation watermark and block. Issuing and introspection check
 * both, so they apply immediately. Idempotent.
 *
 * @returns the end of the block (milliseconds), or `undefined` if the subject is not blocked
 */
export async function restrictSubject(
  { selector, revokedBefore, blockFor, from, by, reason }: RevocationRequest,
  subjectStatuses: SubjectStatuses,
): Promise<number | undefined> {
  const subject = wholeSubject(selector);
  if (subject === undefined) return undefined;
  await subjectStatuses.raise(subject, revokedBefore);
  if (blockFor === undefined) return undefined;
  return subjectStatuses.block(subject, { until: from + blockFor * 1000, at: from, by, ...(reason && { reason }) });
}

/**
 * Raises the watermark of a blocked subject to the moment when its block took effect.
 *
 * @returns the watermark (milliseconds)
 */
async function raiseToBlock(
  { selector: { subject }, revokedBefore, blockFor = 0, from }: RevocationRequest,
  { subjectStatuses, clock }: Pick<SubmitRevocationPorts, 'subjectStatuses' | 'clock'>,
): Promise<number> {
  // A decision that read the subject status before the block was made before `now`. Any later read sees the block.
  const now = clock.now();
  if (subject === undefined || from + blockFor * 1000 <= now || now <= revokedBefore) return revokedBefore;
  await subjectStatuses.raise(subject, now);
  return now;
}
