import { role } from './example-role.ts';
import { type Power, powerRule } from './powers.ts';
import { PRIVILEGED_ROLE } from './privileged-roles.ts';

const CORE = [''];
const RBAC = ['rbac.authorization.k8s.io'];
const CERTIFICATES = ['certificates.k8s.io'];
const ADMISSION = ['admissionregistration.k8s.io'];

const ANY_NAME = /^/;
const CHANGES = ['create', 'update', 'patch'];
const ROLES = ['roles', 'clusterroles'];

/** Identities that clients can impersonate. Kubernetes 1.35 has a verb for each kind. */
const IDENTITIES: Pick<Power, 'groups' | 'resources' | 'verbs'> = {
  groups: ['', 'authentication.k8s.io'],
  resources: ['users', 'groups', 'serviceaccounts', 'uids', 'userextras/*', 'nodes'],
  verbs: [
    'impersonate',
    'impersonate:arbitrary-node',
    'impersonate:associated-node',
    'impersonate:serviceaccount',
    'impersonate:user-info',
  ],
};

/** The identities of Kubernetes itself. */
const SYSTEM_IDENTITY = /^system:(?:masters$|admin$|kube-|nodes?(?::|$)|serviceaccounts?(?:$|:kube-system(?::|$)))/;

const selfEscalation = powerRule({
  id: 'kubernetes/self-escalation',
  severity: 'error',
  title: 'a role that allows privilege escalation',
  why: 'With `escalate`, `bind`, `impersonate`, new service account tokens, approved certificates, the ConfigMap `aws-auth` or the kubelet’s API (`nodes/proxy`), a workload can get any permission, up to those of the cluster’s administrator.',
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
  withWildcards: true,
  powers: [
    { groups: RBAC, resources: ROLES, verbs: ['escalate'], names: ANY_NAME, may: 'escalate roles to any permission' },
    { groups: RBAC, resources: ROLES, verbs: ['bind'], may: 'bind any role, also cluster-admin' },
    {
      groups: RBAC,
      resources: ROLES,
      verbs: ['bind'],
      names: PRIVILEGED_ROLE,
      isNamed: true,
      may: 'bind privileged roles',
    },
    { ...IDENTITIES, may: 'impersonate any user, group or service account' },
    { ...IDENTITIES, names: SYSTEM_IDENTITY, isNamed: true, may: 'impersonate identities of Kubernetes' },
    {
      groups: CORE,
      resources: ['serviceaccounts/token'],
      verbs: ['create'],
      may: 'create tokens for any service account',
    },
    {
      groups: CORE,
      resources: ['nodes/proxy'],
      verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
      names: ANY_NAME,
      may: 'use nodes/proxy to reach the kubelet’s API, and with it every pod',
    },
    {
      groups: CERTIFICATES,
      resources: ['certificatesigningrequests/approval'],
      verbs: ['update', 'patch'],
      names: ANY_NAME,
      may: 'approve certificates, which authenticate as any user or group',
    },
    {
      groups: CERTIFICATES,
      resources: ['signers'],
      verbs: ['approve', 'sign'],
      names: /^kubernetes\.io\//,
      may: 'issue certificates of the cluster, which authenticate as any user or group',
    },
    {
      groups: CERTIFICATES,
      resources: ['certificatesigningrequests/nodeclient', 'certificatesigningrequests/selfnodeclient'],
      verbs: ['create'],
      names: ANY_NAME,
      may: 'get the certificate of a node',
    },
    {
      groups: CORE,
      resources: ['configmaps'],
      verbs: CHANGES,
      names: /^aws-auth$/,
      isNamed: true,
      may: 'make AWS identities administrators of the cluster',
    },
  ],
});

const indirectEscalation = powerRule({
  id: 'kubernetes/indirect-escalation',
  severity: 'warning',
  title: 'a role that leads to other identities or to the node',
  why: 'The role becomes named accounts, or changes what decides over all pods: volumes of nodes, nodes, namespaces, admission, aggregated APIs. An attacker with it gets permissions that it does not list.',
  instead:
    'Grant it only to the component that needs it. Name the objects in `resourceNames`, and accounts in a `Role` of their namespace.',
  failing: role('{ apiGroups: [""], resources: [persistentvolumes], verbs: [create] }', 'ClusterRole'),
  passing: role('{ apiGroups: [""], resources: [persistentvolumeclaims], verbs: [create] }', 'ClusterRole'),
  withWildcards: false,
  powers: [
    {
      groups: CORE,
      resources: ['persistentvolumes'],
      verbs: ['create'],
      may: 'create persistent volumes, also of directories of a node',
    },
    { groups: CORE, resources: ['nodes'], verbs: CHANGES, may: 'change nodes, and so choose the pods that they run' },
    {
      groups: CORE,
      resources: ['namespaces'],
      verbs: ['update', 'patch'],
      may: 'change namespaces, also their Pod Security label',
    },
    {
      groups: ADMISSION,
      resources: [
        'mutatingwebhookconfigurations',
        'validatingwebhookconfigurations',
        'mutatingadmissionpolicies',
        'mutatingadmissionpolicybindings',
        'validatingadmissionpolicies',
        'validatingadmissionpolicybindings',
      ],
      verbs: CHANGES,
      may: 'change admission, and so read, replace or let pass every new object',
    },
    {
      groups: ['apiregistration.k8s.io'],
      resources: ['apiservices'],
      verbs: CHANGES,
      may: 'send requests for an API to a server of its choice',
    },
    {
      groups: CORE,
      resources: ['serviceaccounts/token'],
      verbs: ['create'],
      names: ANY_NAME,
      isNamed: true,
      in: 'ClusterRole',
      may: 'create tokens for accounts of these names in every namespace',
    },
    { ...IDENTITIES, names: ANY_NAME, isNamed: true, may: 'impersonate' },
    {
      groups: CORE,
      resources: ['configmaps'],
      verbs: CHANGES,
      in: 'kube-system',
      may: 'change the ConfigMaps of kube-system, also aws-auth',
    },
    {
      groups: ['security.openshift.io'],
      resources: ['securitycontextconstraints'],
      verbs: ['use'],
      names: /^(?:privileged|host.*|node-exporter)$/,
      may: 'run privileged pods',
    },
    {
      groups: ['eks.services.k8s.aws', 'eks.aws.upbound.io', 'eks.aws.m.upbound.io'],
      resources: ['accessentries', 'accesspolicyassociations', 'podidentityassociations'],
      verbs: CHANGES,
      may: 'give AWS identities access to clusters, or their roles to pods',
    },
  ],
});

const readSecrets = powerRule({
  id: 'kubernetes/cluster-wide-secrets',
  severity: 'warning',
  title: 'a role that reads the secrets of every namespace',
  why: 'With a ClusterRoleBinding, the role can read every password and token in the cluster, including those of other teams and of the cluster itself.',
  instead: 'Use a `Role` in the namespaces that need it, or name the secrets in `resourceNames`.',
  failing: role('{ apiGroups: [""], resources: [secrets], verbs: [get, list, watch] }', 'ClusterRole'),
  passing: role('{ apiGroups: [""], resources: [secrets], verbs: [get, list, watch] }'),
  withWildcards: false,
  powers: [
    {
      groups: CORE,
      resources: ['secrets'],
      verbs: ['get', 'list', 'watch'],
      in: 'ClusterRole',
      may: 'read secrets; with a ClusterRoleBinding, those of every namespace',
    },
  ],
});

/** Kinds that create pods, by API group: those of Kubernetes, and of software that many clusters have. */
const POD_MAKERS: Record<string, readonly string[]> = {
  '': ['pods', 'replicationcontrollers'],
  apps: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'],
  batch: ['cronjobs', 'jobs'],
  extensions: ['daemonsets', 'deployments', 'replicasets'],
  'actions.github.com': ['autoscalingrunnersets', 'ephemeralrunnersets', 'ephemeralrunners'],
  'apps.kruise.io': ['advancedcronjobs', 'broadcastjobs', 'clonesets', 'daemonsets', 'statefulsets'],
  'apps.openshift.io': ['deploymentconfigs'],
  'argoproj.io': [
    'applications',
    'applicationsets',
    'clusterworkflowtemplates',
    'cronworkflows',
    'rollouts',
    'workflows',
    'workflowtemplates',
  ],
  'batch.volcano.sh': ['jobs'],
  'build.openshift.io': ['buildconfigs', 'builds'],
  'flink.apache.org': ['flinkdeployments'],
  'helm.toolkit.fluxcd.io': ['helmreleases'],
  'jobset.x-k8s.io': ['jobsets'],
  'kubevirt.io': ['virtualmachineinstances', 'virtualmachines'],
  'kustomize.toolkit.fluxcd.io': ['kustomizations'],
  'kubeflow.org': ['mpijobs', 'notebooks', 'pytorchjobs', 'tfjobs'],
  'monitoring.coreos.com': ['alertmanagers', 'prometheuses', 'thanosrulers'],
  'ray.io': ['rayclusters', 'rayjobs', 'rayservices'],
  'serving.knative.dev': ['configurations', 'services'],
  'sparkoperator.k8s.io': ['scheduledsparkapplications', 'sparkapplications'],
  'tekton.dev': ['clustertasks', 'pipelineruns', 'pipelines', 'taskruns', 'tasks'],
};

const createPods = powerRule({
  id: 'kubernetes/cluster-wide-pods',
  severity: 'warning',
  title: 'a role that creates pods in every namespace',
  why: 'With a ClusterRoleBinding, the role can run pods as every service account, with every secret, and where no Pod Security level prevents it, as the node.',
  instead: 'Use a `Role` in the namespaces that need it.',
  failing: role('{ apiGroups: [apps], resources: [deployments], verbs: [create, patch] }', 'ClusterRole'),
  passing: role('{ apiGroups: [apps], resources: [deployments], verbs: [create, patch] }'),
  withWildcards: false,
  powers: Object.entries(POD_MAKERS).map(([group, resources]) => ({
    groups: [group],
    resources,
    verbs: CHANGES,
    in: 'ClusterRole',
    may: 'run pods as any service account of any namespace',
  })),
});

const execIntoPods = powerRule({
  id: 'kubernetes/exec-into-pods',
  severity: 'warning',
  title: 'a role that runs commands in pods',
  why: 'The subject of the role can get everything that those pods have: service account tokens, secrets and files.',
  instead: 'Grant it only to people, and for a limited time. Let workloads use each other’s APIs.',
  failing: role('{ apiGroups: [""], resources: [pods/exec], verbs: [create] }'),
  passing: role('{ apiGroups: [""], resources: [pods/log], verbs: [get] }'),
  withWildcards: false,
  powers: [
    {
      groups: CORE,
      resources: ['pods/exec', 'pods/attach'],
      // With WebSockets, `get` also runs commands.
      verbs: ['create', 'get'],
      may: 'run commands in any pod',
    },
    {
      groups: CORE,
      resources: ['pods/ephemeralcontainers'],
      verbs: ['update', 'patch'],
      may: 'add a container to any pod, and so run commands in it',
    },
  ],
});

/**
 * The rules about privilege escalation.
 *
 * @see https://kubernetes.io/docs/concepts/security/rbac-good-practices/
 */
export const escalationRules = [selfEscalation, indirectEscalation, readSecrets, createPods, execIntoPods];
