import { limits } from '@tvm/contract/limits.ts';
import type { TokenListRequest } from '@tvm/contract/token-list.ts';
import type { TokenSelector } from '../records/token-selector.ts';

/** Clocks of different functions agree to some moments; nothing was decided further ahead of this one's than that. */
const AHEAD = 60_000;

/** A list's request without what pages it. */
export type TokenFilter = Omit<TokenListRequest, 'limit' | 'cursor'>;

/** What a filter selects by, but for the state: that changes with the time. */
export function selectorOf(filter: TokenFilter): TokenSelector {
  const { state, policy_bundle, source_ip, issued_after, issued_before, expires_after, expires_before, ...same } =
    filter;
  return {
    ...same,
    policyBundle: policy_bundle,
    sourceIp: source_ip,
    issuedAfter: moment(issued_after),
    issuedBefore: moment(issued_before),
    expiresAfter: moment(expires_after),
    expiresBefore: moment(expires_before),
  };
}

/** The part of the index in which everything is that a filter may select: by kind, and by the time of the decision. */
export interface Range {
  kinds: readonly ('issued' | 'denied')[];
  /** Milliseconds, as is `until`; both are in it. */
  since: number;
  until: number;
}

/** @param now milliseconds since the epoch */
export function rangeOf({ state, ...filter }: TokenFilter, now: number): Range {
  const { issuedAfter, issuedBefore, expiresAfter, expiresBefore } = selectorOf(filter);
  // A token lives for so long at most, and a denial does not end.
  const endsAfter = Math.max(expiresAfter ?? 0, state === 'active' ? now : 0);
  const ends = expiresAfter !== undefined || expiresBefore !== undefined || (state !== undefined && state !== 'denied');
  return {
    kinds: [...(state === 'denied' ? [] : ['issued' as const]), ...(ends ? [] : ['denied' as const])],
    since: Math.max(0, issuedAfter ?? 0, endsAfter - limits.lifetime * 1000),
    until: Math.min(now + AHEAD, issuedBefore ?? Number.POSITIVE_INFINITY, expiresBefore ?? Number.POSITIVE_INFINITY),
  };
}

function moment(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}
