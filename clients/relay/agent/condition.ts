import type { Clock } from '../model/clock.ts';
import type { OutputStatus, TokenState, TokenStatus } from '../model/status.ts';
import type { HeldToken } from './held-token.ts';
import { isStale, type Schedule } from './schedule.ts';
import { type Deadline, deadlineIn } from './stopwatch.ts';

/** What is known of one token’s renewal. */
export interface Condition {
  inUse: HeldToken | undefined;
  /** Why there is none any more. */
  goneBecause: 'expired' | 'revoked' | undefined;
  /** When it is fetched next. */
  next: Deadline;
  /** In a row. */
  failures: number;
  /** Why the last fetch failed. */
  trouble: string | undefined;
  /** The token whose absence keeps this one from being fetched. */
  waitsFor: string | undefined;
  /** Since the start. */
  fetches: { succeeded: number; failed: number };
}

/** Nothing is known yet: it is fetched at once. */
export function conditionAtStart(clock: Clock): Condition {
  return {
    inUse: undefined,
    goneBecause: undefined,
    next: deadlineIn(clock, 0),
    failures: 0,
    trouble: undefined,
    waitsFor: undefined,
    fetches: { succeeded: 0, failed: 0 },
  };
}

/** How a token is, in one word. */
export function stateOf({ inUse, goneBecause, failures, waitsFor }: Condition, schedule: Schedule): TokenState {
  if (inUse === undefined) return goneBecause ?? 'waiting';
  // Between its end and the moment when it is taken out of its outputs.
  if (inUse.left() === 0) return 'expired';
  if (inUse.token.expiresAt === undefined && isStale(inUse.age(), schedule)) return 'stale';
  return failures > 0 || waitsFor !== undefined ? 'retrying' : 'fresh';
}

/** The same for people and monitoring. @param now milliseconds since the epoch */
export function statusOf(
  { name, type }: { name: string; type: string },
  condition: Condition,
  { schedule, outputs, now }: { schedule: Schedule; outputs: OutputStatus[]; now: number },
): TokenStatus {
  const { inUse, next, failures, trouble, fetches } = condition;
  const wait = next.left();
  const broken = outputs.find(({ problem }) => problem !== undefined);
  const lastError = trouble ?? (broken && `${broken.name}: ${broken.problem}`);
  return {
    name,
    type,
    state: stateOf(condition, schedule),
    ...(inUse && { fetchedAt: inUse.token.fetchedAt }),
    ...(inUse?.token.expiresAt !== undefined && { expiresAt: inUse.token.expiresAt }),
    ...(Number.isFinite(wait) && { nextFetchAt: now + wait }),
    failures,
    fetches: { ...fetches },
    ...(lastError !== undefined && { lastError }),
    outputs,
  };
}
