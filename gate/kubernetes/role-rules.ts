import { mapping, mappings } from '../model/values.ts';
import type { KubernetesRule } from './check.ts';
import { noRule, READ_CONFIG, role } from './example-role.ts';
import { BUILT_IN_GROUPS, grantsOf, isBuiltIn, isEveryResource, isWildcard, writes } from './grants.ts';
import type { KubernetesObject } from './objects.ts';

const CEL_WILDCARD = "has(r.resources) && ('*' in r.resources || '*/*' in r.resources)";
const CEL_BUILT_IN = `has(r.apiGroups) && r.apiGroups.exists(g, g in [${BUILT_IN_GROUPS.map((name) => `'${name}'`).join(', ')}])`;

const wildcardResources: KubernetesRule = {
  id: 'kubernetes/wildcard-resources',
  severity: 'error',
  title: 'a role over every resource',
  why: 'Every resource includes secrets and each kind that is installed later. An attacker with the workload’s token can access all of them.',
  instead: 'Name the resources in `resources`, as in `[configmaps, pods]`.',
  failing: role('{ apiGroups: [""], resources: ["*"], verbs: [get] }'),
  passing: READ_CONFIG,
  check: (object) => [
    ...grantsOf(object)
      .filter(isEveryResource)
      .map(({ value, verbs }) => ({
        in: value,
        key: 'resources',
        message: `${object.title} may ${verbs.includes('*') ? 'do everything with' : verbs.join(', ')} every resource`,
      })),
    ...selectors(object)
      .filter(isOpen)
      .map((selector) => ({ in: selector, message: `${object.title} includes the rules of every ClusterRole` })),
  ],
  admission: {
    of: 'roles',
    cel: noRule(`${CEL_WILDCARD} && has(r.apiGroups) && ('' in r.apiGroups || '*' in r.apiGroups)`),
  },
};

function selectors({ kind, value }: KubernetesObject) {
  return kind === 'ClusterRole' ? mappings(mapping(value.aggregationRule).clusterRoleSelectors) : [];
}

/** Reports whether a selector requires no label. Such a selector matches all or nearly all objects. */
function isOpen(selector: Record<string, unknown>): boolean {
  return (
    Object.keys(mapping(selector.matchLabels)).length === 0 &&
    mappings(selector.matchExpressions).every(({ operator }) => operator === 'NotIn' || operator === 'DoesNotExist')
  );
}

const wildcardVerbs: KubernetesRule = {
  id: 'kubernetes/wildcard-verbs',
  severity: 'error',
  title: 'a role with every verb',
  why: 'Every verb includes `delete` and, for roles, `escalate` and `bind`. No workload needs all of them.',
  instead: 'Name the verbs in `verbs`, as in `[get, list, watch]`.',
  failing: role('{ apiGroups: [apps], resources: [deployments], verbs: ["*"] }'),
  passing: READ_CONFIG,
  check: (object) =>
    grantsOf(object)
      // Another rule reports every verb on every resource. A named path rarely supports more than GET.
      .filter(
        (grant) =>
          grant.verbs.includes('*') &&
          ((grant.resources.length > 0 && isBuiltIn(grant) && !isEveryResource(grant)) || grant.urls.includes('*')),
      )
      .map(({ value, resources, urls }) => ({
        in: value,
        key: 'verbs',
        message: `${object.title} may do everything with ${resources.join(', ') || urls.join(', ')}`,
      })),
  admission: {
    of: 'roles',
    cel: noRule(
      `has(r.verbs) && '*' in r.verbs && (${CEL_BUILT_IN} || has(r.nonResourceURLs) && '*' in r.nonResourceURLs)`,
    ),
  },
};

const wildcardInGroup: KubernetesRule = {
  id: 'kubernetes/wildcard-in-api-group',
  severity: 'warning',
  title: 'a role that can change everything in an API group',
  why: 'The role also includes kinds that are added to the group later, and verbs that nothing needs.',
  instead: 'Name the resources and the verbs, also for the kinds of an operator.',
  failing: role('{ apiGroups: [orders.example.com], resources: [orders], verbs: ["*"] }'),
  passing: role('{ apiGroups: [orders.example.com], resources: ["*"], verbs: [get, list, watch] }'),
  check: (object) =>
    grantsOf(object)
      .filter((grant) =>
        isBuiltIn(grant)
          ? isWildcard(grant) && !isEveryResource(grant) && writes(grant) && !grant.verbs.includes('*')
          : grant.resources.length > 0 && (grant.verbs.includes('*') || (isWildcard(grant) && writes(grant))),
      )
      .map(({ value, verbs, resources, apiGroups }) => ({
        in: value,
        message: `${object.title} may ${verbs.includes('*') ? 'do everything with' : verbs.join(', ')} ${resources.join(', ')} of ${apiGroups.join(', ')}`,
      })),
  admission: {
    of: 'roles',
    cel: noRule(
      `has(r.verbs) && has(r.resources) && ('*' in r.verbs && !(${CEL_BUILT_IN}) || ` +
        `${CEL_WILDCARD} && r.verbs.exists(v, !(v in ['get', 'list', 'watch', '*'])))`,
    ),
  },
};

const wildcardApiGroups: KubernetesRule = {
  id: 'kubernetes/wildcard-api-groups',
  severity: 'warning',
  title: 'a role over every API group',
  why: 'The role also includes resources of the same name in every other API group, including groups that are installed later.',
  instead: 'Name the groups in `apiGroups`, as in `["", apps]`.',
  failing: role('{ apiGroups: ["*"], resources: [deployments], verbs: [get] }'),
  passing: READ_CONFIG,
  check: (object) =>
    grantsOf(object)
      .filter(({ apiGroups, resources }) => apiGroups.includes('*') && !resources.includes('*') && resources.length > 0)
      .map(({ value, resources }) => ({
        in: value,
        key: 'apiGroups',
        message: `${object.title} covers ${resources.join(', ')} of every API group`,
      })),
  admission: { of: 'roles', cel: noRule("has(r.apiGroups) && '*' in r.apiGroups") },
};

/** The rules about how broad a role may be. */
export const roleRules = [wildcardResources, wildcardVerbs, wildcardInGroup, wildcardApiGroups];
