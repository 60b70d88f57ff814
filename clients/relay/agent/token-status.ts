import type { OutputStatus, TokenState, TokenStatus } from '../model/status.ts';
import { statedExpiry } from '../model/token.ts';
import { isStale } from './schedule.ts';
import { left, type Moment } from './times.ts';
import { ageOf, leftOf } from './token-in-use.ts';
import type { TokenLife } from './token-life.ts';

/** Returns the state of a token. */
function stateOf(
  { inUse, goneBecause, failures, waitsFor, origin }: TokenLife,
  at: Moment,
  isOutputFailing: boolean,
): TokenState {
  if (inUse === undefined) return goneBecause ?? 'waiting';
  // The token has expired but is not withdrawn from its outputs yet.
  if (leftOf(inUse, at) === 0) return 'expired';
  if (inUse.token.expiresAt === undefined && isStale(ageOf(inUse, at), origin.schedule)) return 'stale';
  const hasExpired = inUse.token.expiredAt !== undefined;
  return failures > 0 || waitsFor !== undefined || isOutputFailing || hasExpired ? 'retrying' : 'fresh';
}

/**
 * Returns the status of a token.
 *
 * @param more.isOutputFailing whether the last write of an output failed, so that its readers have no fresh token
 * @param more.hooksTrouble the error of the last hooks, if they failed
 */
export function statusOf(
  life: TokenLife,
  at: Moment,
  more: { type: string; outputs: OutputStatus[]; isOutputFailing: boolean; hooksTrouble: string | undefined },
): TokenStatus {
  const { name, inUse, next, failures, trouble, fetches } = life;
  const { type, outputs, hooksTrouble } = more;
  const expiresAt = inUse && statedExpiry(inUse.token);
  const wait = left(next, at);
  const broken = outputs.find(({ problem }) => problem !== undefined);
  const lastError = trouble ?? (broken && `${broken.name}: ${broken.problem}`) ?? hooksTrouble;
  return {
    name,
    type,
    state: stateOf(life, at, more.isOutputFailing),
    ...(inUse && { fetchedAt: inUse.token.fetchedAt }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(Number.isFinite(wait) && { nextFetchAt: at.now + wait }),
    failures,
    fetches: { ...fetches },
    ...(lastError !== undefined && { lastError }),
    outputs,
  };
}
