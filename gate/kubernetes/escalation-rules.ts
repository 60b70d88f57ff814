import type { KubernetesRule } from './check.ts';
import { noRule, role } from './example-role.ts';
import { coversGroup, coversResource, type Grant, grantsOf, hasVerb, isEveryResource } from './grants.ts';

const ESCALATING_VERBS = ['escalate', 'bind', 'impersonate'];
const RBAC = 'rbac.authorization.k8s.io';

const selfEscalation: KubernetesRule = {
  id: 'kubernetes/self-escalation',
  severity: 'error',
  title: 'a role that allows privilege escalation',
  why: 'With `escalate`, `bind`, `impersonate`, new service account tokens or the kubelet’s API (`nodes/proxy`), a workload can get any permission, up to those of the cluster’s administrator.',
  instead:
    'Remove the permission. If it is necessary, name the roles, accounts or users in `resourceNames`. Use `nodes/metrics` to read metrics.',
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
        `(has(r.resources) && r.resources.exists(s, s in ['serviceaccounts/token', '*/token']) && 'create' in r.verbs)) || ` +
        "has(r.resources) && r.resources.exists(s, s in ['nodes/proxy', '*/proxy'])",
    ),
  },
};

function escalationsOf(grant: Grant): string[] {
  const { verbs, resources, named } = grant;
  // Another rule reports a role over every resource.
  const every = isEveryResource(grant);
  const found: string[] = [];
  if (!named) {
    const asked = verbs.filter((verb) => ESCALATING_VERBS.includes(verb));
    if (asked.length > 0) found.push(`${asked.join(', ')} ${resources.join(', ')}`);
    else if (
      !every &&
      verbs.includes('*') &&
      ['roles', 'clusterroles'].some((name) => coversResource(grant, RBAC, name))
    ) {
      found.push('escalate and bind roles');
    }
    if (!every && coversResource(grant, '', 'serviceaccounts/token') && hasVerb(grant, ['create'])) {
      found.push('create tokens for any service account');
    }
  }
  if (!every && coversResource(grant, '', 'nodes/proxy')) {
    found.push('use nodes/proxy to reach the kubelet’s API, and with it every pod');
  }
  return found;
}

const readSecrets: KubernetesRule = {
  id: 'kubernetes/cluster-wide-secrets',
  severity: 'warning',
  title: 'a role that reads the secrets of every namespace',
  why: 'With a ClusterRoleBinding, the role can read every password and token in the cluster, including those of other teams and of the cluster itself.',
  instead: 'Use a `Role` in the namespaces that need it, or name the secrets in `resourceNames`.',
  failing: role('{ apiGroups: [""], resources: [secrets], verbs: [get, list, watch] }', 'ClusterRole'),
  passing: role('{ apiGroups: [""], resources: [secrets], verbs: [get, list, watch] }'),
  check: (object) =>
    grantsOf(object)
      .filter(
        (grant) =>
          object.kind === 'ClusterRole' &&
          !grant.named &&
          grant.resources.includes('secrets') &&
          coversGroup(grant, '') &&
          // Another rule reports `*`.
          grant.verbs.some((verb) => ['get', 'list', 'watch'].includes(verb)),
      )
      .map(({ value }) => ({
        in: value,
        key: 'resources',
        message: `${object.title} reads secrets; with a ClusterRoleBinding, those of every namespace`,
      })),
  admission: {
    of: 'roles',
    cel: () =>
      `object.kind != 'ClusterRole' || (${noRule(
        '(!has(r.resourceNames) || size(r.resourceNames) == 0) && has(r.resources) && ' +
          "'secrets' in r.resources && has(r.verbs) && r.verbs.exists(v, v in ['get', 'list', 'watch'])",
      )()})`,
  },
};

const INTO_PODS = ['pods/exec', 'pods/attach'];

const execIntoPods: KubernetesRule = {
  id: 'kubernetes/exec-into-pods',
  severity: 'warning',
  title: 'a role that runs commands in pods',
  why: 'The subject of the role can get everything that those pods have: service account tokens, secrets and files.',
  instead: 'Grant it only to people, and for a limited time. Let workloads use each other’s APIs.',
  failing: role('{ apiGroups: [""], resources: [pods/exec], verbs: [create] }'),
  passing: role('{ apiGroups: [""], resources: [pods/log], verbs: [get] }'),
  check: (object) =>
    grantsOf(object)
      .filter(
        (grant) =>
          !grant.named &&
          !isEveryResource(grant) &&
          // With WebSockets, `get` also runs commands. Another rule reports `*`.
          grant.verbs.some((verb) => ['create', 'get'].includes(verb)) &&
          INTO_PODS.some((resource) => coversResource(grant, '', resource)),
      )
      .map(({ value }) => ({ in: value, key: 'resources', message: `${object.title} may run commands in any pod` })),
  admission: {
    of: 'roles',
    cel: noRule(
      '(!has(r.resourceNames) || size(r.resourceNames) == 0) && has(r.verbs) && ' +
        "r.verbs.exists(v, v in ['create', 'get']) && has(r.resources) && " +
        "r.resources.exists(s, s in ['pods/exec', 'pods/attach', '*/exec', '*/attach'])",
    ),
  },
};

/** The rules about privilege escalation. */
export const escalationRules = [selfEscalation, readSecrets, execIntoPods];
