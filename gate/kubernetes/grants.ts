import { type Mapping, mappings, texts } from '../model/values.ts';
import type { KubernetesObject } from './objects.ts';

/** What one rule of a role grants. */
export interface Grant {
  value: Mapping;
  verbs: string[];
  resources: string[];
  apiGroups: string[];
  urls: string[];
  /** Whether it names the objects that it is about. */
  named: boolean;
}

/** Groups of Kubernetes itself; any other is of what is installed, such as an operator's own. */
export const BUILT_IN_GROUPS = [
  '',
  '*',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'extensions',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
];

const READS = ['get', 'list', 'watch'];

/** What the rules of a role grant. */
export function grantsOf({ kind, value }: KubernetesObject): Grant[] {
  if (kind !== 'Role' && kind !== 'ClusterRole') return [];
  return mappings(value.rules).map((rule) => {
    const names = texts(rule.resourceNames);
    return {
      value: rule,
      verbs: texts(rule.verbs),
      resources: texts(rule.resources),
      apiGroups: texts(rule.apiGroups),
      urls: texts(rule.nonResourceURLs),
      named: names.length > 0 && !names.includes('*'),
    };
  });
}

/** Whether a grant is for a group; one without groups is taken for every one. */
export function coversGroup({ apiGroups }: Grant, group: string): boolean {
  return apiGroups.length === 0 || apiGroups.includes('*') || apiGroups.includes(group);
}

/** Whether a grant is for a resource, as in `pods/exec`, by its name or a wildcard. */
export function coversResource(grant: Grant, group: string, resource: string): boolean {
  const [, subresource] = resource.split('/');
  const names = [resource, '*', '*/*', ...(subresource === undefined ? [] : [`*/${subresource}`])];
  return coversGroup(grant, group) && grant.resources.some((given) => names.includes(given));
}

/** Whether a grant has one of the verbs. */
export function hasVerb({ verbs }: Grant, wanted: readonly string[]): boolean {
  return verbs.includes('*') || verbs.some((verb) => wanted.includes(verb));
}

/** Whether a grant changes anything. */
export function writes({ verbs }: Grant): boolean {
  return verbs.some((verb) => !READS.includes(verb));
}

/** Whether a grant is for all resources of its groups. */
export function isWildcard({ resources }: Grant): boolean {
  return resources.includes('*') || resources.includes('*/*');
}

/** Whether a grant is for all resources of the core group, secrets among them, or of every group. */
export function isEveryResource(grant: Grant): boolean {
  return isWildcard(grant) && coversGroup(grant, '');
}

/** Whether a grant is for a group of Kubernetes itself. */
export function isBuiltIn({ apiGroups }: Grant): boolean {
  return apiGroups.length === 0 || apiGroups.some((group) => BUILT_IN_GROUPS.includes(group));
}
