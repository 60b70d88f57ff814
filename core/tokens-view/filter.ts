import { limits } from '@tvm/contract/limits.ts';
import type { TokenListRequest } from '@tvm/contract/token-list.ts';
import type { TokenSelector } from '../records/token-selector.ts';

/** The maximum clock skew between functions, in milliseconds. No decision has a later time than this ahead of now. */
const AHEAD = 60_000;

/** The filters of a list request, without its paging parameters. */
export type TokenFilter = Omit<TokenListRequest, 'limit' | 'cursor'>;

/** Returns the selector of a filter. It leaves out the state, which depends on the time. */
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

/** The part of the index that contains everything a filter may select, by kind and by time of decision. */
export interface Range {
  kinds: readonly ('issued' | 'denied')[];
  /** The earliest time, inclusive, in milliseconds since the epoch. */
  since: number;
  /** The latest time, inclusive, in milliseconds since the epoch. */
  until: number;
}

/** Returns the range of a filter. @param now milliseconds since the epoch */
export function rangeOf({ state, ...filter }: TokenFilter, now: number): Range {
  const { issuedAfter, issuedBefore, expiresAfter, expiresBefore } = selectorOf(filter);
  // A token expires at most `limits.lifetime` seconds after its decision. A denial never expires.
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
