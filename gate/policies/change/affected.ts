import { attributesOf, entityName } from '@tvm/core/policy/authorization-request.ts';
import type { EntityName } from '@tvm/core/policy/bundle.ts';
import type { Situation, Thing } from '@tvm/core/policy/partial-evaluation.ts';
import { locateResource } from '@tvm/core/policy/resource-tree.ts';
import type { PolicyDirectory, PolicyView } from '../directory.ts';
import { ANY_WORKLOAD, place, role, workload } from '../situation.ts';
import type { KnownTarget, KnownWorkload } from './universe.ts';

/** How a change may affect a workload's access to a target. */
export interface Affected {
  /** The policies of both directories that may apply to the workload and the target. */
  concerned: PolicyView[];
  /** The cause. Pairs with the first causes are compared first. */
  by: (typeof CAUSES)[number];
  /** A key that is the same for all workloads that no policy about the target distinguishes. */
  alike: string;
}

/** The causes from the most to the least specific. A new attribute, for example, may affect thousands of workloads. */
export const CAUSES = ['policy of the workload', 'policy', 'surroundings', 'workload'] as const;

/** Returns a function that reports how the change affects a workload at a target; `undefined` if it has no effect there. */
export function affectedBy(
  before: PolicyDirectory,
  after: PolicyDirectory,
): (target: KnownTarget) => (known: KnownWorkload) => Affected | undefined {
  const changed = changedPolicies(before, after);
  const readsChangedRequestContext = requestContextRead(before, after);
  const readsChangedEntity = entitiesRead(before, after);
  const directories = [before, after];
  const about = policiesAbout(directories);
  const differs = new Map<string, boolean>();
  const workloadDiffers = ({ caller }: KnownWorkload) => {
    const known = differs.get(caller.subject);
    if (known !== undefined) return known;
    const [old, now] = directories.map(({ content }) => JSON.stringify(attributesOf(content, caller)));
    differs.set(caller.subject, old !== now);
    return old !== now;
  };

  return (target) => {
    const { item } = target;
    const [old, now] = directories.map(({ content }) =>
      item.role !== undefined ? '' : JSON.stringify(locateResource(content, item.location)),
    );
    const concerning = about(target);
    const alike = alikeFor(directories, target);
    const causeOf = (known: KnownWorkload, concerned: readonly PolicyView[]): Affected['by'] | undefined => {
      const ofChange = concerned.filter((policy) => changed.has(policy));
      if (ofChange.some(({ principal }) => principal === known.caller.subject)) return 'policy of the workload';
      if (ofChange.length > 0) return 'policy';
      if (old !== now || concerned.some(readsChangedRequestContext) || concerned.some(readsChangedEntity)) {
        return 'surroundings';
      }
      return workloadDiffers(known) ? 'workload' : undefined;
    };
    return (known) => {
      const sides = concerning(known);
      if (sides.every((policies) => policies.every(({ bundled }) => bundled.effect === 'forbid'))) return undefined;
      const concerned = sides.flat();
      const by = causeOf(known, concerned);
      return by && { concerned, by, alike: alike(known) };
    };
  };
}

/** Returns a function that finds the policies that may apply to a target and a workload, for each directory. */
export function policiesAbout(
  directories: readonly PolicyDirectory[],
): (target: KnownTarget) => (known: KnownWorkload) => PolicyView[][] {
  const workloads = new Map<string, Thing[]>();
  const thingsOf = ({ caller }: KnownWorkload) => {
    const known = workloads.get(caller.subject) ?? directories.map(({ content }) => workload(content, caller.subject));
    workloads.set(caller.subject, known);
    return known;
  };
  return ({ item, action }) => {
    const sides = directories.map((directory) => {
      const resource = item.role !== undefined ? role(item.role) : place(directory.content, item.location);
      const policies = scopedAt(directory, item).filter(({ actions }) => actions.has(action));
      return { directory, resource, policies };
    });
    return (known) =>
      sides.map(({ directory, resource, policies }, side) => {
        const principal = thingsOf(known)[side] ?? ANY_WORKLOAD;
        const situation: Situation = { principal, action, resource, assumed: new Map() };
        return policies.filter((policy) => directory.matches(policy, situation) !== false);
      });
  };
}

/** Returns the policies whose scopes can match a target, for any workload. */
function scopedAt(directory: PolicyDirectory, item: KnownTarget['item']): PolicyView[] {
  const resource = item.role !== undefined ? { type: 'Role', id: item.role } : { type: 'Resource', id: item.location };
  return (['permit', 'forbid'] as const).flatMap((effect) => directory.about(effect, resource));
}

/** Returns a function that serializes the data of a workload that policies about a target read. Equal results mean equal decisions. */
function alikeFor(directories: readonly PolicyDirectory[], { item }: KnownTarget): (known: KnownWorkload) => string {
  const policies = directories.flatMap((directory) => scopedAt(directory, item));
  const reads = new Set(policies.flatMap(({ facts }) => facts.reads));
  const named = new Set(policies.flatMap(({ facts }) => facts.named.Workload));
  return ({ caller }) => {
    const attributes = directories.map(({ content }) =>
      Object.entries(attributesOf(content, caller))
        .filter(([name]) => reads.has(name) || reads.has('*'))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    const trust = caller.kind === 'federated' && caller.trust;
    return JSON.stringify([named.has(caller.subject) && caller.subject, trust, attributes]);
  };
}

function changedPolicies(before: PolicyDirectory, after: PolicyDirectory): Set<PolicyView> {
  const textsBefore = texts(before);
  const textsAfter = texts(after);
  return new Set([
    ...before.policies.filter((policy) => !textsAfter.has(textKey(policy))),
    ...after.policies.filter((policy) => !textsBefore.has(textKey(policy))),
  ]);
}

/** Returns a function that reports whether a policy uses changed networks or windows, in conditions or obligations. */
function requestContextRead(before: PolicyDirectory, after: PolicyDirectory): (policy: PolicyView) => boolean {
  const of = ({ content: { networks, windows, timeZone } }: PolicyDirectory) =>
    JSON.stringify([networks, windows, timeZone]);
  if (of(before) === of(after)) return () => false;
  return ({ facts, bundled: { obligations } }) =>
    obligations.network !== undefined ||
    obligations.window !== undefined ||
    ['networks', 'region', 'windows', 'local', '*'].some((name) => facts.reads.includes(name));
}

/** Returns a function that reports whether a policy reads a named entity whose data changed. */
function entitiesRead(before: PolicyDirectory, after: PolicyDirectory): (policy: PolicyView) => boolean {
  const known = new Map<string, boolean>();
  const differs = ({ type, id }: EntityName) => {
    const name = entityName(type, id);
    const found = known.get(name);
    if (found !== undefined) return found;
    const [old, now] = [before, after].map(({ content }) =>
      JSON.stringify(type === 'Resource' ? locateResource(content, id) : content.workloads[id]),
    );
    known.set(name, old !== now);
    return old !== now;
  };
  return ({ bundled }) => (bundled.readsOf ?? []).some(differs);
}

function texts({ policies }: PolicyDirectory): Set<string> {
  return new Set(policies.map(textKey));
}

function textKey({ written, bundled }: PolicyView): string {
  return `${bundled.ceiling}\n${written.text}`;
}
