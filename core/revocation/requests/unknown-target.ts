import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import { writeDuration } from '@tvm/contract/duration.ts';
import type { RevocationSelector } from '@tvm/contract/selector.ts';
import type { NamedTargets } from '../../policy/named-targets.ts';
import type { Clock } from '../../ports.ts';
import type { TokenIndex, TokenRecords } from '../../records/ports.ts';
import type { TokenRecord } from '../../records/token-record.ts';
import { type IndexEntry, selects, type TokenSelector, whereToLook } from '../../records/token-selector.ts';
import { nearestName } from '../../settings/nearest-name.ts';

/** The properties of a selector that name something. */
const TARGETS = ['tokenId', 'subject', 'workload', 'task', 'audience', 'resource', 'policy', 'policyBundle'] as const;
type Target = (typeof TARGETS)[number];

/** A property of a selector whose value is not a known name. */
export interface UnknownTarget {
  member: Target;
  /** The message, which continues the name of the property. */
  problem: string;
}

export interface UnknownTargetRules {
  /** The names in the deployment. */
  named: NamedTargets;
  /** How long a record is stored after its token expires, in seconds. */
  retention: number;
}

export interface UnknownTargetPorts {
  records: TokenRecords;
  index: TokenIndex;
  clock: Clock;
}

/** The number of records in a page. */
const PAGE = 100;

/** The maximum number of records that are read for one property, and again for names to suggest. */
const MOST = 1_000;

/** Where a deployment names each kind of target, for the message. */
const NAMED_IN: Partial<Record<Target, string>> = {
  subject: 'policy, workloads.yaml',
  audience: 'policy, roles.yaml, resource_servers',
  resource: 'policy, resources.yaml, roles.yaml',
  policy: 'policy',
  policyBundle: 'deployed bundle',
};

/**
 * Finds the first property of a revocation's selector whose value is not a known name. A misspelt name selects no
 * token: the revocation would look completed although the intended tokens stay active.
 *
 * A name is known if the deployment contains it or if a stored record of a token or denial has it. If the check would
 * have to read more than {@link MOST} records, the name counts as known, so that no revocation is refused on a guess.
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
    const where = [NAMED_IN[member], 'stored record'].filter(Boolean).join(' or ');
    const stored = `records are stored until ${writeDuration(retention)} after a token expires`;
    const problem = `${value} is not known: no ${where} names it, and ${stored}`;
    return { member, problem: nearest === undefined ? problem : `${problem}; did you mean ${nearest}?` };
  }
  return undefined;
}

/** Returns the names in the deployment for a property. Tokens, sessions and tasks have none there. */
function namesOf(member: Target, named: NamedTargets): string[] {
  return Object.hasOwn(named, member) ? named[member as keyof NamedTargets] : [];
}

function isNamed(member: Target, value: string, named: NamedTargets): boolean {
  const names = namesOf(member, named);
  if (member !== 'resource') return names.includes(value);
  const path = subtreeRoot(value) ?? value;
  return names.some((name) => name === path || name.startsWith(`${path}/`));
}

/** Reports whether a stored record matches a selector. */
async function isRecorded(selector: TokenSelector, ports: UnknownTargetPorts): Promise<boolean> {
  if (selector.tokenId !== undefined) return (await ports.records.get(selector.tokenId)) !== undefined;
  let read = 0;
  for await (const page of newestRecords(whereToLook(selector), ports)) {
    if (page.some((record) => selects(selector, record))) return true;
    read += PAGE;
    if (read >= MOST) return true;
  }
  return false;
}

/** Returns the names to suggest: those in the deployment and those in the newest records. */
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

/** Reads the records of tokens and denials under the given index entries page by page, newest first. */
async function* newestRecords(
  at: IndexEntry[],
  { index, records, clock }: UnknownTargetPorts,
): AsyncIterable<TokenRecord[]> {
  // The clocks of two functions differ by less than a minute.
  const within = { kinds: ['issued', 'denied'] as const, at, since: 0, until: clock.now() + 60_000, limit: PAGE };
  let position: string | undefined;
  do {
    const { tokenIds, next } = await index.page({ ...within, position });
    yield await records.getMany(tokenIds);
    position = next;
  } while (position !== undefined);
}
