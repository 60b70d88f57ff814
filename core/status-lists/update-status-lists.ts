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

/** How often a change that others came before is tried again: more than there are writers at once, by far. */
const ATTEMPTS = 20;

/**
 * Marks tokens as revoked in their lists, and publishes each list that this changes. Doing it again changes nothing.
 *
 * @returns how many lists it published
 * @throws DependencyFault when the keeper of the key or the store fails. What is published until then stays so.
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
 * Keeps the lists published: signs anew what would end soon, publishes the next list before its first token is vended,
 * and retires lists whose tokens are all over. To be called each minute, and when a list has its first token.
 *
 * @returns how many lists it published, and how many it retired
 * @throws DependencyFault when the keeper of the key or the store fails
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
    // In their order: they were filled one after the other.
    if (overAt !== undefined && overAt <= clock.now() && list === oldest + retired) {
      await lists.retire(list);
      retired++;
    } else if (await change(list, [], rules, ports, full)) published++;
  }
  return { published, retired };
}

/**
 * Changes one list, by optimistic locking: what another writer did meanwhile is never lost.
 *
 * @param full whether every place in it is taken
 * @returns whether there was anything to change
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
    // Never before the last, by whichever clock: verifiers take no list that is older than the one they have.
    const now = Math.max(clock.now(), before?.issuedAt ?? 0);
    // A list that is retired has no tokens that could be revoked.
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
  throw new Error(`status list ${list} was changed by others ${ATTEMPTS} times in a row`);
}

/** Whether a list must be signed anew: it has passed half its time, or the deployment has changed since. */
function isDue({ expiresAt, uri, keyId, list }: StatusList, signsNow: string, rules: StatusListRules, now: number) {
  return (
    expiresAt - now < (rules.validity * 1000) / 2 || uri !== statusListUri(rules.issuer, list) || keyId !== signsNow
  );
}
