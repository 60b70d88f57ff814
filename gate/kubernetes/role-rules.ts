import type { SourceFile } from '../finding.ts';
import { type Mapping, mappings, texts } from '../values.ts';
import type { KubernetesRule } from './check.ts';
import type { KubernetesObject } from './objects.ts';

interface Grant {
  value: Mapping;
  verbs: string[];
  resources: string[];
  apiGroups: string[];
  /** Whether it names the objects that it is about. */
  named: boolean;
}

function grantsOf({ kind, value }: KubernetesObject): Grant[] {
  if (kind !== 'Role' && kind !== 'ClusterRole') return [];
  return mappings(value.rules).map((rule) => {
    const names = texts(rule.resourceNames);
    return {
      value: rule,
      verbs: texts(rule.verbs),
      resources: texts(rule.resources),
      apiGroups: texts(rule.apiGroups),
      named: names.length > 0 && !names.includes('*'),
    };
  });
}

function role(rule: string, kind = 'Role'): SourceFile {
  const text = `apiVersion: rbac.authorization.k8s.io/v1
kind: ${kind}
metadata:
  name: example
rules:
  - ${rule}
`;
  return { name: 'role.yaml', text };
}

const READ_CONFIG = role('{ apiGroups: [""], resources: [configmaps], verbs: [get, watch] }');

/** CEL: no rule of the role for which `fault` holds. */
function noRule(fault: string) {
  return () => `!has(object.rules) || object.rules == null || object.rules.all(r, !(${fault}))`;
}

const wildcardResources: KubernetesRule = {
  id: 'kubernetes/wildcard-resources',
  severity: 'error',
  title: 'a role over every resource',
  why: 'Every resource means secrets too, and each kind that is installed later; whoever gets the role’s token reads them.',
  instead: 'Name the resources in `resources`, as in `[configmaps, pods]`.',
  failing: role('{ apiGroups: [""], resources: ["*"], verbs: [get] }'),
  passing: READ_CONFIG,
  check: (object) =>
    grantsOf(object)
      .filter(({ resources }) => resources.includes('*') || resources.includes('*/*'))
      .map(({ value, verbs }) => ({
        in: value,
        key: 'resources',
        message: `${object.title} may ${verbs.includes('*') ? 'do everything with' : verbs.join(', ')} every resource`,
      })),
  admission: { of: 'roles', cel: noRule("has(r.resources) && ('*' in r.resources || '*/*' in r.resources)") },
};

const wildcardVerbs: KubernetesRule = {
  id: 'kubernetes/wildcard-verbs',
  severity: 'error',
  title: 'a role with every verb',
  why: 'Every verb means deleting, and on roles `escalate` and `bind`: more than any one workload needs.',
  instead: 'Name the verbs in `verbs`, as in `[get, list, watch]`.',
  failing: role('{ apiGroups: [apps], resources: [deployments], verbs: ["*"] }'),
  passing: READ_CONFIG,
  check: (object) =>
    grantsOf(object)
      // That the verbs are all is said of every resource already.
      .filter(({ verbs, resources }) => verbs.includes('*') && !resources.includes('*') && !resources.includes('*/*'))
      .map(({ value, resources }) => ({
        in: value,
        key: 'verbs',
        message: `${object.title} may do everything with ${resources.join(', ') || texts(value.nonResourceURLs).join(', ')}`,
      })),
  admission: { of: 'roles', cel: noRule("has(r.verbs) && '*' in r.verbs") },
};

const wildcardApiGroups: KubernetesRule = {
  id: 'kubernetes/wildcard-api-groups',
  severity: 'warning',
  title: 'a role over every API group',
  why: 'A resource of the same name in any API group, one installed later too, falls under the role.',
  instead: 'Name the groups in `apiGroups`, as in `["", apps]`.',
  failing: role('{ apiGroups: ["*"], resources: [deployments], verbs: [get] }'),
  passing: READ_CONFIG,
  check: (object) =>
    grantsOf(object)
      .filter(({ apiGroups, resources }) => apiGroups.includes('*') && !resources.includes('*'))
      .map(({ value, resources }) => ({
        in: value,
        key: 'apiGroups',
        message: `${object.title} is for ${resources.join(', ')} of every API group`,
      })),
  admission: { of: 'roles', cel: noRule("has(r.apiGroups) && '*' in r.apiGroups") },
};

const ESCALATING_VERBS = ['escalate', 'bind', 'impersonate'];
const ROLES = ['roles', 'clusterroles'];

const selfEscalation: KubernetesRule = {
  id: 'kubernetes/self-escalation',
  severity: 'error',
  title: 'a role that can give itself more',
  why: 'With `escalate`, `bind`, `impersonate`, new service-account tokens or the kubelet’s API through `nodes/proxy`, a workload becomes whatever it likes, up to the cluster’s administrator.',
  instead:
    'Leave it out. Where it must be, name the roles, accounts or users in `resourceNames`; read metrics by `nodes/metrics`.',
  failing: role(
    '{ apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind, escalate] }',
    'ClusterRole',
  ),
  passing: role(
    '{ apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind], resourceNames: [view] }',
    'ClusterRole',
  ),
  check: (object) =>
    grantsOf(object).flatMap((grant) =>
      escalationsOf(grant).map((what) => ({ in: grant.value, message: `${object.title} may ${what}` })),
    ),
  admission: {
    of: 'roles',
    cel: noRule(
      '(!has(r.resourceNames) || size(r.resourceNames) == 0) && has(r.verbs) && ' +
        `(r.verbs.exists(v, v in ['escalate', 'bind', 'impersonate']) || ` +
        `(has(r.resources) && 'serviceaccounts/token' in r.resources && 'create' in r.verbs)) || ` +
        "has(r.resources) && 'nodes/proxy' in r.resources",
    ),
  },
};

function escalationsOf({ verbs, resources, named }: Grant): string[] {
  const all = verbs.includes('*');
  const found: string[] = [];
  if (!named) {
    const asked = verbs.filter((verb) => ESCALATING_VERBS.includes(verb));
    if (asked.length > 0) found.push(`${asked.join(', ')} ${resources.join(', ')}`);
    else if (all && resources.some((resource) => ROLES.includes(resource))) found.push('escalate and bind roles');
    if (resources.includes('serviceaccounts/token') && (all || verbs.includes('create'))) {
      found.push('make tokens of any service account');
    }
  }
  if (resources.includes('nodes/proxy')) found.push('reach the kubelet’s API, and so every pod, by nodes/proxy');
  return found;
}

/** What a role may permit. */
export const roleRules = [wildcardResources, wildcardVerbs, wildcardApiGroups, selfEscalation];
