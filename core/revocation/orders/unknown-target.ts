import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import { writeDuration } from '@tvm/contract/duration.ts';
import type { RevocationSelector } from '@tvm/contract/selector.ts';
import type { NamedTargets } from '../../policy/named-targets.ts';
import type { Clock } from '../../ports.ts';
import type { TokenIndex, TokenRecords } from '../../records/ports.ts';
import type { TokenRecord } from '../../records/token-record.ts';
import { type IndexEntry, selects, type TokenSelector, whereToLook } from '../../records/token-selector.ts';
import { nearestName } from '../../settings/nearest-name.ts';

/** The members of a selector that name something. */
const TARGETS = ['tokenId', 'subject', 'workload', 'task', 'audience', 'resource', 'policy', 'policyBundle'] as const;
type Target = (typeof TARGETS)[number];

/** A member of a selector that names nothing known. */
export interface UnknownTarget {
  member: Target;
  /** A sentence that completes the member's name. */
  problem: string;
}

export interface UnknownTargetRules {
  /** What the deployment names. */
  named: NamedTargets;
  /** How long a record is kept after its token expires, in seconds. */
  retention: number;
}

export interface UnknownTargetPorts {
  records: TokenRecords;
  index: TokenIndex;
  clock: Clock;
}

/** How many records are read at a time, and how many at most: for one member, and for names to suggest. */
const PAGE = 100;
const MOST = 1_000;

/** What the deployment names a target in, for the sentence. */
const NAMED_IN: Partial<Record<Target, string>> = {
  subject: 'policy, workloads.yaml',
  audience: 'policy, roles.yaml, resource_servers',
  resource: 'policy, resources.yaml, roles.yaml',
  policy: 'policy',
  policyBundle: 'deployed bundle',
};

/**
 * Finds the first member of a revocation's selector that names nothing known. A misspelt name selects no token, so that
 * the revocation would look done although the tokens that were meant stay active.
 *
 * A name is known if the deployment names it, or if a kept record of a token or denial has it. If more records than
 * {@link MOST} would have to be read to tell, the name counts as known: a revocation is not refused on a guess.
 */
export async function unknownTarget(
  selector: RevocationSelector,
  { named, retention }: UnknownTargetRules,
  ports: UnknownTargetPorts,
): Promise<UnknownTarget | undefined> {
  for (const member of TARGETS) {
    const value = selector[member];
    if (value === undefined || isNamed(member, value, named) || (await isRecorded({ [member]: value }, ports)))
      continue;
    const nearest = nearestName(value, await knownNames(member, named, ports));
    const where = [NAMED_IN[member], 'kept record'].filter(Boolean).join(' or ');
    const kept = `records are kept until ${writeDuration(retention)} after a token expires`;
    const problem = `${value} is not known: no ${where} names it, and ${kept}`;
    return { member, problem: nearest === undefined ? problem : `${problem}; did you mean ${nearest}?` };
  }
  return undefined;
}

/** The names that the deployment has for a member; none of what only a running workload names. */
function namesOf(member: Target, named: NamedTargets): string[] {
  return Object.hasOwn(named, member) ? named[member as keyof NamedTargets] : [];
}

function isNamed(member: Target, value: string, named: NamedTargets): boolean {
  const names = namesOf(member, named);
  if (member !== 'resource') return names.includes(value);
  const place = subtreeRoot(value) ?? value;
  return names.some((name) => name === place || name.startsWith(`${place}/`));
}

/** Whether a kept record is what a selector selects. */
async function isRecorded(picks: TokenSelector, ports: UnknownTargetPorts): Promise<boolean> {
  if (picks.tokenId !== undefined) return (await ports.records.get(picks.tokenId)) !== undefined;
  let read = 0;
  for await (const page of newestRecords(whereToLook(picks), ports)) {
    if (page.some((record) => selects(picks, record))) return true;
    read += PAGE;
    if (read >= MOST) return true;
  }
  return false;
}

/** The names that may have been meant: the deployment's, and those of the newest records. */
async function knownNames(member: Target, named: NamedTargets, ports: UnknownTargetPorts): Promise<Set<string>> {
  const names = new Set(namesOf(member, named));
  let read = 0;
  for await (const page of newestRecords([{ dimension: 'all', value: '' }], ports)) {
    for (const record of page) for (const name of namesIn(record, member)) names.add(name);
    read += PAGE;
    if (read >= MOST) break;
  }
  return names;
}

function namesIn(record: TokenRecord, member: Target): string[] {
  switch (member) {
    case 'workload':
      return record.session === undefined ? [] : [record.session];
    case 'task':
      return record.task === undefined ? [] : [record.task];
    case 'resource':
      return record.authorizationDetails.flatMap(({ locations }) => locations);
    case 'policy':
      return record.policies;
    default:
      return [record[member]];
  }
}

/** The records of tokens and denials under entries of the index, newest first, page by page. */
async function* newestRecords(
  at: IndexEntry[],
  { index, records, clock }: UnknownTargetPorts,
): AsyncIterable<TokenRecord[]> {
  // Clocks of functions differ by less than a minute.
  const within = { kinds: ['issued', 'denied'] as const, at, since: 0, until: clock.now() + 60_000, limit: PAGE };
  let position: string | undefined;
  do {
    const { tokenIds, next } = await index.page({ ...within, position });
    yield await records.getMany(tokenIds);
    position = next;
  } while (position !== undefined);
}
