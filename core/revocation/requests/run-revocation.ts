import { mapAtMost } from '../../at-most.ts';
import type { Clock } from '../../ports.ts';
import type { SubjectStatuses, TokenIndex, TokenRecords } from '../../records/ports.ts';
import type { TokenRecord } from '../../records/token-record.ts';
import type { RevocationRequests } from './ports.ts';
import {
  dueAt,
  type RevocationProgress,
  type RevocationState,
  revocationBy,
  SETTLING,
  settledAt,
  WALKED,
} from './revocation-request.ts';
import { isRevocable, selectedPage } from './selected-page.ts';
import { restrictSubject } from './submit-revocation.ts';

export interface RunRevocationPorts {
  records: TokenRecords;
  subjectStatuses: SubjectStatuses;
  index: TokenIndex;
  orders: RevocationRequests;
  clock: Clock;
}

/** The maximum number of concurrent writes: enough to be fast, and few enough not to throttle issuing. */
const AT_ONCE = 25;

/**
 * Revokes the selected tokens page by page, until the request is completed, has to wait, or reaches the deadline. Each
 * call resumes where the last call stopped. Concurrent calls are safe.
 *
 * A request is completed only when every selected token is revoked. No token can be missing from the index: the index
 * also returns tokens that are stored but not yet indexed, and the second walk starts when no token that was decided
 * before `revokedBefore` can be stored any more.
 *
 * @param deadline milliseconds since the epoch; no page starts after it
 * @returns the progress of the request ({@link dueAt} tells when to continue), or `undefined` if it does not exist
 */
export async function runRevocation(
  revocationId: string,
  deadline: number,
  ports: RunRevocationPorts,
): Promise<RevocationState | undefined> {
  const { subjectStatuses, orders, clock } = ports;
  for (;;) {
    const order = await orders.get(revocationId);
    const due = order && dueAt(order);
    const now = clock.now();
    if (order === undefined || due === undefined || due > now || now >= deadline) return order;
    // If the request has no delay, the subject was restricted before the request was stored.
    if (order.position === undefined && order.from > order.orderedAt) await restrictSubject(order, subjectStatuses);
    await orders.advance(revocationId, order.position, await nextStep(order, ports));
  }
}

/** The prefix of positions in the second walk. */
const SECOND = 'second ';

/** Revokes the next page of the selected tokens. @returns the progress after the page */
async function nextStep(order: RevocationState, ports: RunRevocationPorts): Promise<RevocationProgress> {
  const { clock } = ports;
  const { position } = order;
  // Take the time before the first read: the first walk finds every token that is stored by then.
  const began = order.began ?? clock.now();
  const second = position === WALKED || position?.startsWith(SECOND) === true;

  const page = {
    // The first walk found every token that was stored before it began.
    since: second ? began - SETTLING : 0,
    position: position?.startsWith(SECOND) ? position.slice(SECOND.length) : second ? undefined : position,
  };
  const { found, next } = await selectedPage(order, page, ports);
  const revoked = order.revoked + (await revokeAll(found, order, second, ports));

  if (next !== undefined) return { revoked, began, position: second ? `${SECOND}${next}` : next };
  const completed = second || began >= settledAt(order);
  return completed ? { revoked, began, completedAt: clock.now() } : { revoked, began, position: WALKED };
}

/** Revokes a page of tokens. @returns how many of them this walk revoked, now or in an earlier attempt at the page */
async function revokeAll(
  found: TokenRecord[],
  order: RevocationState,
  second: boolean,
  { records, clock }: Pick<RunRevocationPorts, 'records' | 'clock'>,
): Promise<number> {
  const revocations = await mapAtMost(AT_ONCE, found, async (record) => {
    if (record.status === 'revoked') return record;
    const now = clock.now();
    if (!isRevocable(record, now)) return undefined;
    return records.revoke(record.tokenId, { ...revocationBy(order, now), ...(second && { revokedLate: true }) });
  });
  const { revocationId } = order;
  return revocations.filter((one) => one?.revocationId === revocationId && (one.revokedLate ?? false) === second)
    .length;
}
