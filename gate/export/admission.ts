import { credentialRules } from '../credentials/rules.ts';
import type { Admission, KubernetesRule } from '../kubernetes/check.ts';
import { kubernetesRules } from '../kubernetes/rules.ts';

/** Kinds of the API that rules are about: their groups, plural names and kinds. */
export const ADMITTED: Record<Admission['of'], { group: string; resources: string[]; kinds: string[] }[]> = {
  pods: [
    {
      group: '',
      resources: ['pods', 'pods/ephemeralcontainers', 'podtemplates', 'replicationcontrollers'],
      kinds: ['Pod', 'PodTemplate', 'ReplicationController'],
    },
    {
      group: 'apps',
      resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'],
      kinds: ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'],
    },
    { group: 'batch', resources: ['jobs', 'cronjobs'], kinds: ['Job', 'CronJob'] },
  ],
  roles: [{ group: 'rbac.authorization.k8s.io', resources: ['roles', 'clusterroles'], kinds: ['Role', 'ClusterRole'] }],
  bindings: [
    {
      group: 'rbac.authorization.k8s.io',
      resources: ['rolebindings', 'clusterrolebindings'],
      kinds: ['RoleBinding', 'ClusterRoleBinding'],
    },
  ],
  secrets: [{ group: '', resources: ['secrets'], kinds: ['Secret'] }],
  volumes: [{ group: '', resources: ['persistentvolumes'], kinds: ['PersistentVolume'] }],
};

const POD_VARIABLES = [
  {
    name: 'spec',
    expression:
      "object.kind == 'Pod' ? object.spec : object.kind == 'PodTemplate' ? object.template.spec : " +
      "object.kind == 'CronJob' ? object.spec.jobTemplate.spec.template.spec : object.spec.template.spec",
  },
  {
    name: 'containers',
    expression:
      'variables.spec.containers + ' +
      '(has(variables.spec.initContainers) ? variables.spec.initContainers : []) + ' +
      '(has(variables.spec.ephemeralContainers) ? variables.spec.ephemeralContainers : [])',
  },
];

/** A rule as a cluster can hold it. */
export interface AdmissionRule {
  rule: KubernetesRule;
  /** Of the policy, as in `tvm-host-path`. */
  name: string;
  of: Admission['of'];
  cel: string;
  variables: { name: string; expression: string }[];
}

/** The rules that a cluster can hold at admission. */
export function admissionRules(allowedRegistries: readonly string[]): AdmissionRule[] {
  return kubernetesRules.flatMap((rule) => {
    const cel = rule.admission?.cel(allowedRegistries);
    if (rule.admission === undefined || cel === undefined) return [];
    const { of } = rule.admission;
    const name = `tvm-${rule.id.slice(rule.id.indexOf('/') + 1)}`;
    return [{ rule, name, of, cel, variables: of === 'pods' ? POD_VARIABLES : [] }];
  });
}

/** The comment that an export begins with: what is held by the gate alone. */
export function exportHeading(exported: readonly AdmissionRule[]): string {
  const held = new Set(exported.map(({ rule }) => rule.id));
  const missing = [...kubernetesRules, ...credentialRules.filter(({ inKubernetes }) => inKubernetes)]
    .map(({ id }) => id)
    .filter((id) => !held.has(id));
  return [
    '# Made by `tvm policy export`: what `tvm policy check` finds before deployment, held by the cluster at admission.',
    '# Errors are refused, warnings reported. Not expressed here, held by the check alone:',
    ...missing.map((id) => `#   ${id}`),
    '',
  ].join('\n');
}
