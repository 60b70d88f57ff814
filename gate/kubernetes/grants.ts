import { type Mapping, mappings, texts } from '../model/values.ts';
import { hasRoleRules, type KubernetesObject } from './objects.ts';

/** The permissions of one rule of a role. */
export interface Grant {
  value: Mapping;
  verbs: string[];
  resources: string[];
  apiGroups: string[];
  urls: string[];
  /** The names of the objects that the rule is restricted to. */
  names: string[];
  /** Whether the rule is restricted to named objects. */
  named: boolean;
}

/** The API groups of Kubernetes itself. Other groups belong to installed software, such as operators. */
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

/** Returns the permissions of each rule of a role, of any kind whose rules have the shape of a role’s. */
export function grantsOf({ kind, value }: KubernetesObject): Grant[] {
  if (kind !== 'Role' && kind !== 'ClusterRole' && !hasRoleRules(value)) return [];
  return mappings(value.rules).map((rule) => {
    const names = texts(rule.resourceNames);
    return {
      value: rule,
      verbs: texts(rule.verbs),
      resources: texts(rule.resources),
      apiGroups: texts(rule.apiGroups),
      urls: texts(rule.nonResourceURLs),
      names,
      named: names.length > 0 && !names.includes('*'),
    };
  });
}

/** Reports whether a grant covers an API group. A grant without groups counts as covering every group. */
export function coversGroup({ apiGroups }: Grant, group: string): boolean {
  return apiGroups.length === 0 || apiGroups.includes('*') || apiGroups.includes(group);
}

/** Reports whether a grant covers a resource such as `pods/exec`, by name or with a wildcard. `userextras/*` is any of them. */
export function coversResource(grant: Grant, group: string, resource: string): boolean {
  const [, subresource] = resource.split('/');
  const names = [resource, '*', '*/*', ...(subresource === undefined ? [] : [`*/${subresource}`])];
  const isCovered = (given: string) =>
    names.includes(given) || (subresource === '*' && given.startsWith(resource.slice(0, -1)));
  return coversGroup(grant, group) && grant.resources.some(isCovered);
}

/** Reports whether a grant has one of the verbs. */
export function hasVerb({ verbs }: Grant, wanted: readonly string[]): boolean {
  return verbs.includes('*') || verbs.some((verb) => wanted.includes(verb));
}

/** Reports whether a grant allows changes. */
export function writes({ verbs }: Grant): boolean {
  return verbs.some((verb) => !READS.includes(verb));
}

/** Reports whether a grant covers all resources of its groups. */
export function isWildcard({ resources }: Grant): boolean {
  return resources.includes('*') || resources.includes('*/*');
}

/** Reports whether a grant covers all resources of the core group, which include secrets, or of every group. */
export function isEveryResource(grant: Grant): boolean {
  return isWildcard(grant) && coversGroup(grant, '');
}

/** Reports whether a grant covers a group of Kubernetes itself. */
export function isBuiltIn({ apiGroups }: Grant): boolean {
  return apiGroups.length === 0 || apiGroups.some((group) => BUILT_IN_GROUPS.includes(group));
}

/** Reports whether a grant is only for URLs that are not resources. */
export function isOnlyUrls({ resources, urls }: Grant): boolean {
  return resources.length === 0 && urls.length > 0;
}

/** CEL expressions with the results of {@link writes}, {@link isWildcard}, {@link isEveryResource} and {@link isBuiltIn} for the rule `r`. */
export const CEL_WRITES = `r.verbs.exists(v, !(v in [${READS.map((verb) => `'${verb}'`).join(', ')}]))`;
export const CEL_WILDCARD = "(has(r.resources) && ('*' in r.resources || '*/*' in r.resources))";
export const CEL_EVERY_RESOURCE = `${CEL_WILDCARD} && (!has(r.apiGroups) || size(r.apiGroups) == 0 || '' in r.apiGroups || '*' in r.apiGroups)`;
export const CEL_BUILT_IN =
  '(!has(r.apiGroups) || size(r.apiGroups) == 0 || ' +
  `r.apiGroups.exists(g, g in [${BUILT_IN_GROUPS.map((name) => `'${name}'`).join(', ')}]))`;
