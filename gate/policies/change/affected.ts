import { attributesOf } from '../../../core/policy/question.ts';
import { placeResource } from '../../../core/policy/resource-tree.ts';
import type { PolicyDirectory, PolicyView } from '../directory.ts';
import type { Situation, Thing } from '../evaluate.ts';
import { ANY_WORKLOAD, place, role, workload } from '../situation.ts';
import type { KnownTarget, KnownWorkload } from './universe.ts';

/** Somebody and something between whom the change can have changed anything. */
export interface Affected {
  /** The policies of both directories that concern them. */
  concerned: PolicyView[];
  /** What makes them affected; the first are compared first. */
  by: (typeof CAUSES)[number];
  /** The same for all whom no policy about the thing tells apart. */
  alike: string;
}

/** From what says most of the change to what says least: an attribute of thousands of workloads may be new. */
export const CAUSES = ['policy of the workload', 'policy', 'surroundings', 'workload'] as const;

/** Tells, for something, whom the change affects there, and by what; `undefined` if it cannot have changed anything. */
export function affectedBy(
  before: PolicyDirectory,
  after: PolicyDirectory,
): (target: KnownTarget) => (known: KnownWorkload) => Affected | undefined {
  const changed = changedPolicies(before, after);
  const readsChangedSurroundings = surroundingsRead(before, after);
  const directories = [before, after];
  const about = policiesAbout(directories);
  const differs = new Map<string, boolean>();
  const workloadDiffers = ({ caller }: KnownWorkload) => {
    const known = differs.get(caller.subject);
    if (known !== undefined) return known;
    const [old, now] = directories.map(({ content }) => JSON.stringify(attributesOf({ hash: '', ...content }, caller)));
    differs.set(caller.subject, old !== now);
    return old !== now;
  };

  return (target) => {
    const { asked } = target;
    const [old, now] = directories.map(({ content }) =>
      asked.action === 'assume' ? '' : JSON.stringify(placeResource(content, asked.location)),
    );
    const concerning = about(target);
    const alike = alikeFor(directories, target);
    const causeOf = (known: KnownWorkload, concerned: readonly PolicyView[]): Affected['by'] | undefined => {
      const ofChange = concerned.filter((policy) => changed.has(policy));
      if (ofChange.some(({ principal }) => principal === known.caller.subject)) return 'policy of the workload';
      if (ofChange.length > 0) return 'policy';
      if (old !== now || concerned.some(readsChangedSurroundings)) return 'surroundings';
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

/** Finds, for something and somebody, the policies that may have a say, of each directory by itself. */
export function policiesAbout(
  directories: readonly PolicyDirectory[],
): (target: KnownTarget) => (known: KnownWorkload) => PolicyView[][] {
  const workloads = new Map<string, Thing[]>();
  const thingsOf = ({ caller }: KnownWorkload) => {
    const known = workloads.get(caller.subject) ?? directories.map(({ content }) => workload(content, caller.subject));
    workloads.set(caller.subject, known);
    return known;
  };
  return ({ asked, action }) => {
    const sides = directories.map((directory) => {
      const resource = asked.action === 'assume' ? role(asked.role) : place(directory.content, asked.location);
      const policies = scopedAt(directory, asked).filter(({ actions }) => actions.has(action));
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

/** The policies whose scopes can match what is asked for, whoever asks. */
function scopedAt(directory: PolicyDirectory, asked: KnownTarget['asked']): PolicyView[] {
  const resource =
    asked.action === 'assume' ? { type: 'Role', id: asked.role } : { type: 'Resource', id: asked.location };
  return (['permit', 'forbid'] as const).flatMap((effect) => directory.about(effect, resource));
}

/** Tells, for something, what policies can know of somebody there: they decide the same for all of whom that is the same. */
function alikeFor(directories: readonly PolicyDirectory[], { asked }: KnownTarget): (known: KnownWorkload) => string {
  const policies = directories.flatMap((directory) => scopedAt(directory, asked));
  const reads = new Set(policies.flatMap(({ facts }) => facts.reads));
  const named = new Set(policies.flatMap(({ facts }) => facts.named.Workload));
  return ({ caller }) => {
    const attributes = directories.map(({ content }) =>
      Object.entries(attributesOf({ hash: '', ...content }, caller))
        .filter(([name]) => reads.has(name) || reads.has('*'))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    return JSON.stringify([named.has(caller.subject) && caller.subject, attributes]);
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

/** Tells whether a policy asks for networks or windows, in conditions or for its tokens, that are not what they were. */
function surroundingsRead(before: PolicyDirectory, after: PolicyDirectory): (policy: PolicyView) => boolean {
  const of = ({ content: { networks, windows, timeZone } }: PolicyDirectory) =>
    JSON.stringify([networks, windows, timeZone]);
  if (of(before) === of(after)) return () => false;
  return ({ facts, bundled: { obligations } }) =>
    obligations.network !== undefined ||
    obligations.window !== undefined ||
    ['networks', 'region', 'windows', 'local', '*'].some((name) => facts.reads.includes(name));
}

function texts({ policies }: PolicyDirectory): Set<string> {
  return new Set(policies.map(textKey));
}

function textKey({ written, bundled }: PolicyView): string {
  return `${bundled.ceiling}\n${written.text}`;
}
