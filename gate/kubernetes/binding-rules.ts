import type { SourceFile } from '../model/finding.ts';
import { type Mapping, mapping, mappings, textOf } from '../model/values.ts';
import type { KubernetesRule } from './check.ts';
import type { KubernetesObject } from './objects.ts';

function binding(role: string, subject: string): SourceFile {
  const text = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: example
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${role} }
subjects:
  - ${subject}
`;
  return { name: 'binding.yaml', text };
}

const ACCOUNT = '{ kind: ServiceAccount, name: web, namespace: shop }';
const VIEW_FOR_ACCOUNT = binding('view', ACCOUNT);

function isBinding({ kind }: KubernetesObject): boolean {
  return kind === 'RoleBinding' || kind === 'ClusterRoleBinding';
}

function roleOf({ value }: KubernetesObject): Mapping {
  return mapping(value.roleRef);
}

/** Finds the subjects of a binding that are users or groups with one of the names. */
function subjectsNamed(object: KubernetesObject, names: readonly string[]) {
  if (!isBinding(object)) return [];
  return mappings(object.value.subjects)
    .filter(({ kind, name }) => kind !== 'ServiceAccount' && names.includes(textOf(name) ?? ''))
    .map((subject) => ({
      in: subject,
      key: 'name',
      message: `${object.title} gives ${textOf(roleOf(object).name) ?? 'its role'} to ${subject.name}`,
    }));
}

function noSubject(names: readonly string[]) {
  const list = names.map((name) => `'${name}'`).join(', ');
  return () =>
    `!has(object.subjects) || object.subjects == null || ` +
    `object.subjects.all(s, s.kind == 'ServiceAccount' || !(s.name in [${list}]))`;
}

const clusterAdminBinding: KubernetesRule = {
  id: 'kubernetes/cluster-admin-binding',
  severity: 'error',
  title: 'a binding to cluster-admin',
  why: 'An attacker who takes over the subject, or a container with its token, controls the cluster; with a RoleBinding, the namespace.',
  instead: 'Bind a role that lists only what the subject needs.',
  failing: binding('cluster-admin', ACCOUNT),
  passing: VIEW_FOR_ACCOUNT,
  check: (object) =>
    isBinding(object) && roleOf(object).name === 'cluster-admin' && roleOf(object).kind !== 'Role'
      ? [{ in: roleOf(object), key: 'name', message: `${object.title} binds cluster-admin` }]
      : [],
  admission: {
    of: 'bindings',
    cel: () => "object.roleRef.kind == 'Role' || object.roleRef.name != 'cluster-admin'",
  },
};

const ANONYMOUS = ['system:anonymous', 'system:unauthenticated'];
const EVERYONE = ['system:authenticated', 'system:serviceaccounts'];

const anonymousBinding: KubernetesRule = {
  id: 'kubernetes/anonymous-binding',
  severity: 'error',
  title: 'a binding to anonymous callers',
  why: 'Everyone who can reach the API server has the role, without any credential.',
  instead: 'Bind a service account, a user or a group of your own.',
  failing: binding('view', '{ apiGroup: rbac.authorization.k8s.io, kind: User, name: "system:anonymous" }'),
  passing: VIEW_FOR_ACCOUNT,
  check: (object) => subjectsNamed(object, ANONYMOUS),
  admission: { of: 'bindings', cel: noSubject(ANONYMOUS) },
};

const everyoneBinding: KubernetesRule = {
  id: 'kubernetes/everyone-binding',
  severity: 'warning',
  title: 'a binding to all authenticated callers',
  why: 'Every user and every service account of the cluster has the role, including those of other teams and later ones.',
  instead: 'Bind the service accounts, users or groups that need it.',
  failing: binding('view', '{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated" }'),
  passing: VIEW_FOR_ACCOUNT,
  check: (object) => subjectsNamed(object, EVERYONE),
  admission: { of: 'bindings', cel: noSubject(EVERYONE) },
};

const CHANGING_ROLES = ['admin', 'edit'];

const defaultAccountBinding: KubernetesRule = {
  id: 'kubernetes/default-account-binding',
  severity: 'warning',
  title: 'a binding to the default service account of a namespace',
  why: 'Every pod without a service account of its own, and an attacker in one, can change the whole namespace, including its secrets.',
  instead: 'Bind the workload’s own service account to a role that lists only what it needs.',
  failing: binding('edit', '{ kind: ServiceAccount, name: default, namespace: shop }'),
  passing: binding('edit', ACCOUNT),
  check: (object) => {
    const role = textOf(roleOf(object).name) ?? '';
    if (!isBinding(object) || roleOf(object).kind === 'Role' || !CHANGING_ROLES.includes(role)) return [];
    return mappings(object.value.subjects)
      .filter(({ kind, name }) =>
        kind === 'ServiceAccount' ? name === 'default' : textOf(name)?.startsWith('system:serviceaccounts:'),
      )
      .map((subject) => ({
        in: subject,
        key: 'name',
        message: `${object.title} gives ${role} to ${subject.kind === 'ServiceAccount' ? 'the default service account' : subject.name}`,
      }));
  },
  admission: {
    of: 'bindings',
    cel: () =>
      "object.roleRef.kind == 'Role' || !(object.roleRef.name in ['admin', 'edit']) || " +
      '!has(object.subjects) || object.subjects == null || object.subjects.all(s, ' +
      "!(s.kind == 'ServiceAccount' ? s.name == 'default' : s.name.startsWith('system:serviceaccounts:')))",
  },
};

/** The rules about who may have a role. */
export const bindingRules = [clusterAdminBinding, anonymousBinding, everyoneBinding, defaultAccountBinding];
