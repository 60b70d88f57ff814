import { describe, expect, it } from 'vitest';
import { check, pod, rulesIn } from './check.ts';

const POD_SPEC = 'automountServiceAccountToken: false, hostIPC: true';

function role(rule: string): string {
  return `{ apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: { name: r }, rules: [${rule}] }`;
}

describe('rules about Kubernetes objects', () => {
  it.each([
    ['Pod', `spec: { ${POD_SPEC} }`],
    ['Deployment', `spec: { template: { spec: { ${POD_SPEC} } } }`],
    ['StatefulSet', `spec: { template: { spec: { ${POD_SPEC} } } }`],
    ['DaemonSet', `spec: { template: { spec: { ${POD_SPEC} } } }`],
    ['ReplicaSet', `spec: { template: { spec: { ${POD_SPEC} } } }`],
    ['ReplicationController', `spec: { template: { spec: { ${POD_SPEC} } } }`],
    ['Rollout', `spec: { template: { spec: { ${POD_SPEC} } } }`],
    ['Job', `spec: { template: { spec: { ${POD_SPEC} } } }`],
    ['CronJob', `spec: { jobTemplate: { spec: { template: { spec: { ${POD_SPEC} } } } } }`],
    ['PodTemplate', `template: { spec: { ${POD_SPEC} } }`],
  ])('find the pods of a %s', (kind, rest) => {
    const [finding, ...others] = check(
      `{ apiVersion: v1, kind: ${kind}, metadata: { name: x, namespace: 'y' }, ${rest} }`,
    );
    expect(others).toEqual([]);
    expect(finding?.message).toBe(`${kind} y/x shares the node’s shared memory (hostIPC)`);
  });

  it.each(['containers', 'initContainers', 'ephemeralContainers'])('check %s', (kind) => {
    const spec = `automountServiceAccountToken: false, ${kind}: [{ name: a, securityContext: { privileged: true } }]`;
    expect(rulesIn(`{ apiVersion: v1, kind: Pod, spec: { ${spec} } }`)).toEqual(['kubernetes/privileged-container']);
  });

  it('check items of lists and nested lists that omit their kind', () => {
    const item = `{ metadata: { name: a }, spec: { ${POD_SPEC} } }`;
    const list = `{ apiVersion: v1, kind: PodList, items: [${item}] }`;
    expect(rulesIn(`{ apiVersion: v1, kind: List, items: [${list}, null, 7] }`)).toEqual(['kubernetes/host-namespace']);
  });

  it.each(['yes', 'on', 'True', 'y'])('read %s as true, as YAML 1.1 does', (yes) => {
    expect(rulesIn(pod(`hostPID: ${yes},`))).toEqual(['kubernetes/host-namespace']);
  });

  it.each([
    ['/', true],
    ['/var/lib', true],
    ['/etc/kubernetes/pki', true],
    ['/mnt/../etc', true],
    ['//proc/', true],
    ['/etcetera', false],
    ['/var/log/orders', false],
    ['/var/log', false],
    ['/etc/machine-id', false],
    ['/etc/localtime', false],
    ['/etc/ssl/certs', false],
    ['/etc/ssl/certs/../../shadow', true],
    ['/etc/ssl/private', true],
    ['/usr/share/ca-certificates', false],
    ['/var/lib/docker/containers', false],
    ['/var/lib/docker', true],
    ['/mnt/data', false],
  ])('hostPath %s is a system directory: %s', (path, found) => {
    const volumes = `volumes: [{ name: v, hostPath: { path: "${path}" } }],`;
    expect(rulesIn(pod(volumes))).toEqual(found ? ['kubernetes/host-path'] : []);
    const volume = `{ apiVersion: v1, kind: PersistentVolume, spec: { hostPath: { path: "${path}" } } }`;
    expect(rulesIn(volume)).toEqual(found ? ['kubernetes/host-path-volume'] : []);
  });

  it.each([
    ['nginx', 'without a tag, which means latest, and without a digest'],
    ['localhost:5000/nginx:latest', 'whatever is latest, without a digest'],
    ['nginx:1.27', 'without a digest'],
  ])('describe the problem of the image %s', (image, what) => {
    expect(check(pod('', `image: "${image}"`))[0]?.message).toContain(`runs ${image}, ${what}`);
  });

  it('ignore an image that is a placeholder', () => {
    expect(rulesIn(pod('', 'image: "${IMAGE}"'))).toEqual([]);
  });

  it.each([
    ['resources: [pods], verbs: [get], apiGroups: [""]', []],
    ['resources: ["*"], verbs: ["*"], apiGroups: ["*"]', ['kubernetes/wildcard-resources']],
    ['resources: [serviceaccounts/token], verbs: [create]', ['kubernetes/self-escalation']],
    ['resources: [serviceaccounts/token], verbs: [create], resourceNames: [own]', []],
    ['resources: [serviceaccounts/token], verbs: [get]', []],
    ['resources: [roles], verbs: ["*"]', ['kubernetes/self-escalation', 'kubernetes/wildcard-verbs']],
    ['resources: [nodes/proxy], verbs: [get], resourceNames: [a]', ['kubernetes/self-escalation']],
    ['resources: [users], verbs: [impersonate], resourceNames: ["*"]', ['kubernetes/self-escalation']],
    ['nonResourceURLs: ["*"], verbs: ["*"]', ['kubernetes/wildcard-verbs']],
    ['nonResourceURLs: ["/metrics"], verbs: ["*"]', []],
    ['apiGroups: [security.istio.io], resources: ["*"], verbs: [get, list, watch]', []],
    ['apiGroups: [custom.metrics.k8s.io], resources: ["*"], verbs: [get]', []],
    ['apiGroups: [apps], resources: ["*"], verbs: [get, list, watch]', []],
    ['apiGroups: [apps], resources: ["*"], verbs: [get, patch]', ['kubernetes/wildcard-in-api-group']],
    ['apiGroups: [apps], resources: ["*"], verbs: ["*"]', ['kubernetes/wildcard-verbs']],
    ['apiGroups: [custom.metrics.k8s.io], resources: ["*"], verbs: ["*"]', ['kubernetes/wildcard-in-api-group']],
    [
      'apiGroups: [monitoring.coreos.com], resources: [prometheuses], verbs: ["*"]',
      ['kubernetes/wildcard-in-api-group'],
    ],
    ['apiGroups: ["", monitoring.coreos.com], resources: [x], verbs: ["*"]', ['kubernetes/wildcard-verbs']],
    ['apiGroups: ["", apps], resources: ["*"], verbs: [get]', ['kubernetes/wildcard-resources']],
    [
      'apiGroups: [rbac.authorization.k8s.io], resources: ["*"], verbs: ["*"]',
      ['kubernetes/self-escalation', 'kubernetes/wildcard-verbs'],
    ],
    ['apiGroups: [""], resources: ["*/token"], verbs: [create]', ['kubernetes/self-escalation']],
    ['apiGroups: [""], resources: ["*/proxy"], verbs: [get]', ['kubernetes/self-escalation']],
    ['apiGroups: [subresources.kubevirt.io], resources: ["*/proxy"], verbs: [get]', []],
    ['apiGroups: [""], resources: [secrets], verbs: [list]', ['kubernetes/cluster-wide-secrets']],
    ['apiGroups: [""], resources: [secrets], verbs: [get], resourceNames: [own]', []],
    ['apiGroups: [""], resources: [secrets], verbs: [create]', []],
    ['apiGroups: [""], resources: [pods/exec], verbs: [create]', ['kubernetes/exec-into-pods']],
    ['apiGroups: [""], resources: ["*/attach"], verbs: [get]', ['kubernetes/exec-into-pods']],
  ])('a role with { %s }: %j', (rule, rules) => {
    expect(rulesIn(role(`{ ${rule} }`)).sort()).toEqual(rules);
  });

  it.each([
    ['{}', true],
    ['{ matchLabels: {} }', true],
    ['{ matchExpressions: [{ key: a, operator: DoesNotExist }] }', true],
    ['{ matchLabels: { aggregate-to-orders: "true" } }', false],
    ['{ matchExpressions: [{ key: a, operator: In, values: [b] }] }', false],
  ])('an aggregation with %s includes every role: %s', (selector, found) => {
    const text = `{ apiVersion: v1, kind: ClusterRole, aggregationRule: { clusterRoleSelectors: [${selector}] } }`;
    expect(rulesIn(text)).toEqual(found ? ['kubernetes/wildcard-resources'] : []);
  });

  it.each([
    ['edit', '{ kind: ServiceAccount, name: default }', ['kubernetes/default-account-binding']],
    ['admin', '{ kind: Group, name: "system:serviceaccounts:shop" }', ['kubernetes/default-account-binding']],
    ['edit', '{ kind: Group, name: "system:serviceaccounts" }', ['kubernetes/everyone-binding']],
    ['view', '{ kind: ServiceAccount, name: default }', []],
    ['edit', '{ kind: ServiceAccount, name: orders }', []],
  ])('a binding of %s to %s: %j', (role, subject, rules) => {
    const text = `{ apiVersion: v1, kind: RoleBinding, roleRef: { kind: ClusterRole, name: ${role} }, subjects: [${subject}] }`;
    expect(rulesIn(text)).toEqual(rules);
  });

  it('find host processes of Windows, for the pod and for a container', () => {
    const context = 'securityContext: { windowsOptions: { hostProcess: true } }';
    expect(rulesIn(pod(`${context},`))).toEqual(['kubernetes/privileged-container']);
    expect(rulesIn(pod('', context))).toEqual(['kubernetes/privileged-container']);
  });

  it.each([
    ['', ['kubernetes/automounted-token']],
    ['serviceAccountName: default', ['kubernetes/automounted-token']],
    ['serviceAccountName: orders', []],
    ['automountServiceAccountToken: no', []],
  ])('the token of a pod with { %s }: %j', (spec, rules) => {
    expect(rulesIn(`{ apiVersion: v1, kind: Pod, spec: { ${spec} } }`)).toEqual(rules);
  });

  it.each([
    'rules: 7',
    'rules: [null, 7, [], { verbs: { a: b }, resources: "*" }]',
    'subjects: { a: b }, roleRef: []',
    'spec: [{}]',
    'spec: { containers: [null, [], { image: 7, env: {}, securityContext: [], name: {} }], volumes: [7], hostPID: [] }',
    'metadata: [], type: {}, data: [], stringData: 7, items: 7',
    '__proto__: { polluted: true }, constructor: 7',
  ])('accept malformed values without an exception: %s', (rest) => {
    for (const kind of ['Role', 'ClusterRoleBinding', 'Pod', 'CronJob', 'Secret', 'ConfigMap', 'List', 'toString']) {
      expect(() => check(`{ apiVersion: v1, kind: ${kind}, ${rest} }`)).not.toThrow();
    }
  });
});
