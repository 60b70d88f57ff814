import type { SourceFile } from '../model/finding.ts';
import { aggregations, celNoAggregation } from './aggregation.ts';
import type { KubernetesRule } from './check.ts';
import { noRule, READ_CONFIG, role } from './example-role.ts';
import {
  CEL_BUILT_IN,
  CEL_EVERY_RESOURCE,
  CEL_WILDCARD,
  CEL_WRITES,
  grantsOf,
  isBuiltIn,
  isEveryResource,
  isOnlyUrls,
  isWildcard,
  writes,
} from './grants.ts';

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
        message: `${object.title} may ${verbs.includes('*') ? 'do everything with' : verbs.join(', ') || 'access'} every resource`,
      })),
    ...aggregations(object)
      .filter(({ roles }) => roles.includes('cluster-admin'))
      .map(({ selector }) => ({ in: selector, message: `${object.title} aggregates the rules of cluster-admin` })),
  ],
  admission: {
    of: 'roles',
    cel: () => `(${noRule(CEL_EVERY_RESOURCE)()}) && ${celNoAggregation(['cluster-admin'])}`,
  },
};

function aggregating(label: string): SourceFile {
  const text = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: example
aggregationRule:
  clusterRoleSelectors:
    - matchLabels: { ${label}: "true" }
`;
  return { name: 'role.yaml', text };
}

const aggregatedAdmin: KubernetesRule = {
  id: 'kubernetes/aggregated-admin',
  severity: 'warning',
  title: 'a role that aggregates admin or edit',
  why: 'The role reads secrets and creates pods wherever it is bound, and gets whatever later software adds to `admin` and `edit`.',
  instead: 'Aggregate roles with a label of your own.',
  failing: aggregating('rbac.authorization.k8s.io/aggregate-to-edit'),
  passing: aggregating('rbac.example.com/aggregate-to-orders'),
  check: (object) =>
    aggregations(object)
      .filter(({ roles }) => roles.length > 0 && !roles.includes('cluster-admin'))
      .map(({ selector, roles }) => ({
        in: selector,
        message: `${object.title} aggregates the rules of ${roles.join(' and ')}`,
      })),
  admission: {
    of: 'roles',
    cel: () => `!(${celNoAggregation(['cluster-admin'])}) || ${celNoAggregation(['admin', 'edit'])}`,
  },
};

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
          ((!isOnlyUrls(grant) && isBuiltIn(grant) && !isEveryResource(grant)) || grant.urls.some(isEveryUrl)),
      )
      .map(({ value, resources, urls }) => ({
        in: value,
        key: 'verbs',
        message: `${object.title} may do everything with ${resources.join(', ') || urls.join(', ') || 'its resources'}`,
      })),
  admission: {
    of: 'roles',
    cel: noRule(
      `'*' in r.verbs && (has(r.resources) && ${CEL_BUILT_IN} && !(${CEL_EVERY_RESOURCE}) || ` +
        "has(r.nonResourceURLs) && ('*' in r.nonResourceURLs || '/*' in r.nonResourceURLs))",
    ),
  },
};

function isEveryUrl(url: string): boolean {
  return url === '*' || url === '/*';
}

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
      `has(r.resources) && size(r.resources) > 0 && (${CEL_BUILT_IN} ? ` +
        `${CEL_WILDCARD} && !(${CEL_EVERY_RESOURCE}) && ${CEL_WRITES} && !('*' in r.verbs) : ` +
        `'*' in r.verbs || ${CEL_WILDCARD} && ${CEL_WRITES})`,
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
  admission: {
    of: 'roles',
    cel: noRule(
      "has(r.apiGroups) && '*' in r.apiGroups && has(r.resources) && size(r.resources) > 0 && !('*' in r.resources)",
    ),
  },
};

/** The rules about how broad a role may be. */
export const roleRules = [wildcardResources, aggregatedAdmin, wildcardVerbs, wildcardInGroup, wildcardApiGroups];
