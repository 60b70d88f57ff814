import { SUMMARY_ROWS, type TokenSummaryResponse } from '@tvm/contract/token-list.ts';
import type { Clock } from '../ports.ts';
import { iso } from './listed-token.ts';
import type { OpenTokens } from './ports.ts';

/** Counts the active tokens in the index of unexpired tokens. */
export async function tokenSummary({
  tokens,
  clock,
}: {
  tokens: OpenTokens;
  clock: Clock;
}): Promise<TokenSummaryResponse> {
  const now = clock.now();
  let active = 0;
  const [subjects, audiences, actions, hours] = Array.from({ length: 4 }, () => new Map<string, number>());
  const count = (counts: Map<string, number> | undefined, name: string) =>
    counts?.set(name, (counts.get(name) ?? 0) + 1);
  for await (const some of tokens.at(now)) {
    for (const { subject, audience, access, decidedAt, expiresAt } of some) {
      if (expiresAt <= now) continue;
      active += 1;
      count(subjects, subject);
      count(audiences, audience);
      count(actions, access);
      count(hours, iso(decidedAt).slice(0, 'yyyy-mm-ddThh'.length));
    }
  }
  return {
    time: iso(now),
    active,
    by_subject: most(subjects),
    by_audience: most(audiences),
    by_action: most(actions),
    by_hour: most(hours),
  };
}

/** Returns the highest counts in descending order. */
function most(counts: Map<string, number> = new Map()): Record<string, number> {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a).slice(0, SUMMARY_ROWS));
}
