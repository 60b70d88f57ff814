import type { SourceFile } from '../model/finding.ts';
import { type Mapping, mapping, mappings, textOf } from '../model/values.ts';
import type { KubernetesRule } from './check.ts';
import { celMatches } from './fields.ts';
import type { KubernetesObject } from './objects.ts';
import { SYSTEM_ROLE } from './privileged-roles.ts';

function binding(role: string, subject: string, kind = 'ClusterRoleBinding'): SourceFile {
  const text = `apiVersion: rbac.authorization.k8s.io/v1
kind: ${kind}
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

/** The group of the service accounts of a namespace, and the user that its default account is. */
const ALL_OR_DEFAULT = /^system:(?:serviceaccounts:|serviceaccount:[^:]*:default$)/;

const CHANGING_ROLES = ['admin', 'edit'];

const defaultAccountBinding: KubernetesRule = {
  id: 'kubernetes/default-account-binding',
  severity: 'warning',
  title: 'a binding to the default service account of a namespace',
  why: 'Every pod without a service account of its own, and an attacker in one, can change the whole namespace, including its secrets.',
  instead: 'Bind the workload’s own service account to a role that lists only what it needs.',
  failing: binding('edit', '{ kind: ServiceAccount, name: default, namespace: shop }', 'RoleBinding'),
  passing: binding('edit', ACCOUNT, 'RoleBinding'),
  check: (object) => {
    const role = textOf(roleOf(object).name) ?? '';
    if (!isBinding(object) || roleOf(object).kind === 'Role' || !CHANGING_ROLES.includes(role)) return [];
    return mappings(object.value.subjects)
      .filter(({ kind, name }) =>
        kind === 'ServiceAccount' ? name === 'default' : ALL_OR_DEFAULT.test(textOf(name) ?? ''),
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
      "!(s.kind == 'ServiceAccount' ? s.name == 'default' : " +
      `${celMatches('s.name', ALL_OR_DEFAULT)}))`,
  },
};

/** The namespace with the service accounts of controllers. */
const SYSTEM_NAMESPACE = 'kube-system';

const clusterWideEdit: KubernetesRule = {
  id: 'kubernetes/cluster-wide-edit',
  severity: 'warning',
  title: 'a binding to admin or edit in every namespace or in kube-system',
  why: 'The subject can read every secret and run pods as every service account, also those of the cluster itself.',
  instead: 'Use a `RoleBinding` in the namespaces that need it, or bind a role that lists only what the subject needs.',
  failing: binding('edit', ACCOUNT),
  passing: binding('edit', ACCOUNT, 'RoleBinding'),
  check: (object) => {
    const { name, kind } = roleOf(object);
    const isEverywhere = object.kind === 'ClusterRoleBinding';
    const isInSystem = isBinding(object) && mapping(object.value.metadata).namespace === SYSTEM_NAMESPACE;
    if ((!isEverywhere && !isInSystem) || kind === 'Role' || !CHANGING_ROLES.includes(textOf(name) ?? '')) return [];
    const where = isEverywhere ? 'every namespace' : SYSTEM_NAMESPACE;
    return [{ in: roleOf(object), key: 'name', message: `${object.title} binds ${name} in ${where}` }];
  },
  admission: {
    of: 'bindings',
    cel: () =>
      `object.kind != 'ClusterRoleBinding' && object.?metadata.?namespace.orValue('') != '${SYSTEM_NAMESPACE}' || ` +
      "object.roleRef.kind == 'Role' || !(object.roleRef.name in ['admin', 'edit'])",
  },
};

/** Users and groups that only Kubernetes itself can be. */
const OF_KUBERNETES = /^system:(?:kube-[^:]+|masters|nodes?|node:.*|bootstrappers.*|apiserver)$/;

const systemRoleBinding: KubernetesRule = {
  id: 'kubernetes/system-role-binding',
  severity: 'error',
  title: 'a binding to a role of Kubernetes itself',
  why: 'The roles of controllers, nodes and approvers read secrets, create tokens and pods, or issue certificates in the whole cluster. An attacker who takes over the subject becomes the controller.',
  instead: 'Bind a role of your own that lists only what the subject needs.',
  failing: binding('system:kube-controller-manager', ACCOUNT),
  passing: binding('system:auth-delegator', ACCOUNT),
  check: (object) => {
    const { name, kind } = roleOf(object);
    if (!isBinding(object) || kind === 'Role' || !SYSTEM_ROLE.test(textOf(name) ?? '')) return [];
    return mappings(object.value.subjects).some((subject) => !isOfKubernetes(subject))
      ? [{ in: roleOf(object), key: 'name', message: `${object.title} binds ${name}, a role of Kubernetes itself` }]
      : [];
  },
  admission: {
    of: 'bindings',
    cel: () =>
      `object.roleRef.kind == 'Role' || !${celMatches('object.roleRef.name', SYSTEM_ROLE)} || ` +
      '!has(object.subjects) || object.subjects == null || object.subjects.all(s, ' +
      `s.kind != 'ServiceAccount' && ${celMatches('s.name', OF_KUBERNETES)})`,
  },
};

function isOfKubernetes({ kind, name }: Mapping): boolean {
  return kind !== 'ServiceAccount' && OF_KUBERNETES.test(textOf(name) ?? '');
}

/** The rules about who may have a role. */
export const bindingRules = [
  clusterAdminBinding,
  anonymousBinding,
  everyoneBinding,
  defaultAccountBinding,
  clusterWideEdit,
  systemRoleBinding,
];
