import { limits } from '@tvm/contract/limits.ts';
import type { Signer } from '../keys/ports.ts';
import type { Clock } from '../ports.ts';
import type { StatusReference } from '../records/token-record.ts';
import type { StatusLists } from './ports.ts';
import type { StatusList } from './published-status-list.ts';
import {
  compress,
  decompress,
  emptyBits,
  LEASE,
  publish,
  type StatusListRules,
  statusListUri,
  withInvalid,
} from './status-list.ts';

export interface StatusListPorts {
  lists: StatusLists;
  signer: Signer;
  clock: Clock;
}

/** Maximum attempts when other writers win the optimistic lock; far more than there are concurrent writers. */
const ATTEMPTS = 20;

/**
 * Marks tokens as revoked in their lists, and publishes each changed list. Idempotent.
 *
 * @returns the number of published lists
 * @throws DependencyFault if the key store or the table fails. Lists that were published before stay published.
 */
export async function updateStatusLists(
  revoked: readonly StatusReference[],
  rules: StatusListRules,
  ports: StatusListPorts,
): Promise<number> {
  const indexes = new Map<number, number[]>();
  for (const { list, index } of revoked) indexes.set(list, [...(indexes.get(list) ?? []), index]);
  let published = 0;
  for (const [list, ofList] of indexes) if (await change(list, ofList, rules, ports)) published++;
  return published;
}

/**
 * Keeps the lists published. Signs lists again before they expire, publishes the next list before its first token is
 * issued, and retires lists whose tokens have all expired. Call this function every minute, and when a list gets its
 * first token.
 *
 * @returns the numbers of published and retired lists
 * @throws DependencyFault if the key store or the table fails
 */
export async function renewStatusLists(
  rules: StatusListRules,
  ports: StatusListPorts,
): Promise<{ published: number; retired: number }> {
  const { lists, clock } = ports;
  const { oldest, current } = await lists.span();
  let published = 0;
  let retired = 0;
  for (let list = oldest; list <= current + 1; list++) {
    const full = list < current;
    const overAt = full ? (await lists.get(list))?.overAt : undefined;
    // Retire lists in the order in which they were filled.
    if (overAt !== undefined && overAt <= clock.now() && list === oldest + retired) {
      await lists.retire(list);
      retired++;
    } else if (await change(list, [], rules, ports, full)) published++;
  }
  return { published, retired };
}

/**
 * Changes one list with optimistic locking, so that no change of a concurrent writer is lost.
 *
 * @param full whether all indexes of the list are allocated
 * @returns whether the list changed
 */
async function change(
  list: number,
  revoked: readonly number[],
  rules: StatusListRules,
  { lists, signer, clock }: StatusListPorts,
  full = false,
): Promise<boolean> {
  const { keyId } = await signer.key();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await lists.get(list);
    // Do not sign a list with an earlier time than its last version: verifiers reject a list that is older than theirs.
    const now = Math.max(clock.now(), before?.issuedAt ?? 0);
    // All tokens of a retired list have expired, so there is nothing to revoke.
    if (before === undefined && list < (await lists.span()).oldest) return false;
    const bits = before ? decompress(before.compressed) : emptyBits(rules.size);
    const changed = withInvalid(bits, revoked, rules.size);
    const closes = full && before?.overAt === undefined;
    if (before !== undefined && changed === bits && !closes && !isDue(before, keyId, rules, now)) return false;

    const compressed = changed === bits && before ? before.compressed : compress(changed);
    const overAt = closes ? now + (LEASE + limits.lifetime) * 1000 : before?.overAt;
    const after: StatusList = {
      ...(await publish(list, compressed, rules, signer, now)),
      list,
      version: (before?.version ?? 0) + 1,
      places: changed.length * 8,
      compressed,
      keyId,
      ...(overAt !== undefined && { overAt }),
    };
    if (await lists.put(after)) return true;
  }
  throw new Error(`status list ${list} was changed by other writers ${ATTEMPTS} times in a row`);
}

/**
 * Reports whether a list must be signed again, because half its validity has passed or its issuer or key has changed.
 */
function isDue({ expiresAt, uri, keyId, list }: StatusList, signsNow: string, rules: StatusListRules, now: number) {
  return (
    expiresAt - now < (rules.validity * 1000) / 2 || uri !== statusListUri(rules.issuer, list) || keyId !== signsNow
  );
}
