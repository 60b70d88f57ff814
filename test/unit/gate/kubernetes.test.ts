import { checkFiles } from '@tvm/gate/check-files.ts';
import { DAY_OF_EXAMPLES } from '@tvm/gate/suppression.ts';
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
    ['/', 'always'],
    ['/var/lib', 'always'],
    ['/etc/kubernetes/pki', 'always'],
    ['/mnt/../etc', 'always'],
    ['//proc/', 'always'],
    ['/./etc/./shadow', 'always'],
    ['/var/run/docker.sock', 'always'],
    ['/run/containerd', 'always'],
    ['/var/lib/kubelet/../kubelet/pods', 'always'],
    ['/home/core/.ssh', 'always'],
    ['/var/home/core', 'always'],
    ['/root', 'always'],
    ['/var/lib/rancher/k3s/server', 'always'],
    ['/var/lib/cloud/instance', 'always'],
    ['/var/lib/kube-proxy', 'always'],
    ['/var/lib/sss/db', 'always'],
    ['/var/lib/dhcpcd', 'if writable'],
    ['/vmlinuz-6.8', 'if writable'],
    ['/var/lib/cricket', 'never'],
    ['/var/lib/docker-registry', 'never'],
    ['/etc/ssl/certs/../../shadow', 'always'],
    ['/etc/ssl/private', 'always'],
    ['/var/lib/docker', 'always'],
    ['C:\\\\', 'always'],
    ['C:\\\\ProgramData\\\\docker', 'always'],
    ['c:/var/lib/kubelet', 'always'],
    ['\\\\\\\\.\\\\pipe\\\\containerd-containerd', 'always'],
    ['/bin', 'if writable'],
    ['/usr/local/bin', 'if writable'],
    ['/lib/systemd/system', 'if writable'],
    ['/lib/modules', 'if writable'],
    ['/opt', 'if writable'],
    ['/opt/cni/bin', 'if writable'],
    ['/var/opt/cni/bin', 'if writable'],
    ['/var/spool/cron', 'if writable'],
    ['/var/log', 'if writable'],
    ['/var/log/pods', 'if writable'],
    ['/boot', 'if writable'],
    ['/etcetera', 'never'],
    ['/binaries', 'never'],
    ['/var/log/orders', 'never'],
    ['/dev/log', 'never'],
    ['/etc/machine-id', 'never'],
    ['/etc/localtime', 'never'],
    ['/etc/ssl/certs', 'never'],
    ['/usr/share/ca-certificates', 'never'],
    ['/var/lib/docker/containers', 'never'],
    ['/var/lib/orders', 'never'],
    ['/opt/orders', 'never'],
    ['/mnt/data', 'never'],
    ['C:\\\\data', 'never'],
  ])('hostPath %s leads to the node: %s', (path, found) => {
    const volumes = `volumes: [{ name: v, hostPath: { path: "${path}" } }],`;
    const rule = found === 'never' ? 'kubernetes/other-host-path' : 'kubernetes/host-path';
    const always = found === 'always' ? ['kubernetes/host-path'] : [];
    const mounts = (options: string) => `volumeMounts: [{ name: v, mountPath: /v, ${options} }]`;
    expect(rulesIn(pod(volumes))).toEqual([rule]);
    expect(rulesIn(pod(volumes, mounts('')))).toEqual([rule]);
    expect(rulesIn(pod(volumes, mounts('readOnly: true')))).toEqual(always);
    const volume = `{ apiVersion: v1, kind: PersistentVolume, spec: { hostPath: { path: "${path}" } } }`;
    expect(rulesIn(volume)).toEqual(found === 'never' ? [] : ['kubernetes/host-path-volume']);
  });

  it('a path of the node is writable if one of several mounts is', () => {
    const mounts = 'volumeMounts: [{ name: v, mountPath: /a, readOnly: true }, { name: v, mountPath: /b }]';
    expect(rulesIn(pod('volumes: [{ name: v, hostPath: { path: /usr } }],', mounts))).toEqual(['kubernetes/host-path']);
  });

  it.each([
    ['docker.io/library', 'redis', true],
    ['docker.io/library', 'redis:7@sha256:0', true],
    ['docker.io/library', 'docker.io/redis', true],
    ['docker.io/library', 'docker.io/library/redis', true],
    ['docker.io/library/', 'index.docker.io/library/redis', true],
    ['docker.io/library', 'library/redis', true],
    ['docker.io/library', 'acme/redis', false],
    ['docker.io/library', 'docker.io/acme/redis', false],
    ['docker.io/library', 'ghcr.io/library/redis', false],
    ['docker.io', 'redis', true],
    ['docker.io', 'acme/redis', true],
    ['docker.io', 'localhost/redis', false],
    ['docker.io', 'registry:5000/redis', false],
    ['docker.io', 'docker.io.evil.example/redis', false],
    ['docker.io/acme', 'acme/web', true],
    ['docker.io/acme', 'acme-evil/web', false],
    ['acme', 'docker.io/acme/web', true],
    ['ghcr.io/acme', 'ghcr.io/acme/web', true],
    ['ghcr.io/acme', 'ghcr.io/acme-evil/web', false],
    ['ghcr.io/acme', 'ghcrxio/acme/web', false],
    ['ghcr.io/acme', 'acme/web', false],
    ['localhost:5000', 'localhost:5000/web', true],
  ])('with the registry %s, the image %s is allowed: %s', (registry, image, allowed) => {
    const files = [{ name: 'pod.yaml', text: pod('', `image: "${image}"`) }];
    const rules = checkFiles(files, { today: DAY_OF_EXAMPLES, allowedRegistries: [registry] }).map(({ rule }) => rule);
    expect(rules.includes('kubernetes/image-outside-registries')).toBe(!allowed);
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
    ['resources: [serviceaccounts/token], verbs: [create], resourceNames: [own]', ['kubernetes/indirect-escalation']],
    ['resources: [serviceaccounts/token], verbs: [get]', []],
    ['resources: [roles], verbs: ["*"]', ['kubernetes/self-escalation', 'kubernetes/wildcard-verbs']],
    ['resources: [nodes/proxy], verbs: [get], resourceNames: [a]', ['kubernetes/self-escalation']],
    ['resources: [users], verbs: [impersonate], resourceNames: ["*"]', ['kubernetes/self-escalation']],
    ['nonResourceURLs: ["*"], verbs: ["*"]', ['kubernetes/wildcard-verbs']],
    ['nonResourceURLs: ["/*"], verbs: ["*"]', ['kubernetes/wildcard-verbs']],
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
    ['apiGroups: [""], resources: [pods/ephemeralcontainers], verbs: [patch]', ['kubernetes/exec-into-pods']],
    ['apiGroups: [""], resources: [pods/ephemeralcontainers], verbs: [get]', []],
    ['RBAC, resources: [clusterroles], verbs: [bind], resourceNames: [view]', []],
    ['RBAC, resources: [clusterroles], verbs: [bind], resourceNames: [view, edit]', ['kubernetes/self-escalation']],
    ['RBAC, resources: [clusterroles], verbs: [bind], resourceNames: ["system:node"]', ['kubernetes/self-escalation']],
    ['RBAC, resources: [roles], verbs: [escalate], resourceNames: [own]', ['kubernetes/self-escalation']],
    ['RBAC, resources: [rolebindings, clusterrolebindings], verbs: [create]', []],
    ['apiGroups: [""], resources: [groups], verbs: [impersonate]', ['kubernetes/self-escalation']],
    [
      'apiGroups: [authentication.k8s.io], resources: [userextras/scopes], verbs: [impersonate]',
      ['kubernetes/self-escalation'],
    ],
    [
      'apiGroups: [authentication.k8s.io], resources: [users], verbs: ["impersonate:user-info"]',
      ['kubernetes/self-escalation'],
    ],
    [
      'apiGroups: [""], resources: [groups], verbs: [impersonate], resourceNames: ["system:masters"]',
      ['kubernetes/indirect-escalation', 'kubernetes/self-escalation'],
    ],
    [
      'apiGroups: [""], resources: [users], verbs: [impersonate], resourceNames: [alice]',
      ['kubernetes/indirect-escalation'],
    ],
    ['CERTS, resources: [certificatesigningrequests/approval], verbs: [update]', ['kubernetes/self-escalation']],
    ['CERTS, resources: [signers], verbs: [approve]', ['kubernetes/self-escalation']],
    [
      'CERTS, resources: [signers], verbs: [sign], resourceNames: [kubernetes.io/kubelet-serving]',
      ['kubernetes/self-escalation'],
    ],
    ['CERTS, resources: [signers], verbs: [approve], resourceNames: [example.com/orders]', []],
    ['CERTS, resources: [certificatesigningrequests], verbs: [create]', []],
    ['CERTS, resources: [certificatesigningrequests/nodeclient], verbs: [create]', ['kubernetes/self-escalation']],
    [
      'apiGroups: [""], resources: [configmaps], verbs: [patch], resourceNames: [aws-auth]',
      ['kubernetes/self-escalation'],
    ],
    ['apiGroups: [""], resources: [configmaps], verbs: [patch]', []],
    ['apiGroups: [""], resources: [persistentvolumes], verbs: [create]', ['kubernetes/indirect-escalation']],
    ['apiGroups: [""], resources: [persistentvolumes], verbs: [get, delete]', []],
    ['apiGroups: [""], resources: [nodes], verbs: [patch]', ['kubernetes/indirect-escalation']],
    ['apiGroups: [""], resources: [nodes, nodes/status], verbs: [get]', []],
    ['apiGroups: [""], resources: [namespaces], verbs: [patch]', ['kubernetes/indirect-escalation']],
    ['apiGroups: [""], resources: [namespaces], verbs: [patch], resourceNames: [shop]', []],
    [
      'apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [update]',
      ['kubernetes/indirect-escalation'],
    ],
    [
      'apiGroups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations], verbs: [update], resourceNames: [own]',
      [],
    ],
    [
      'apiGroups: [apiregistration.k8s.io], resources: [apiservices], verbs: [patch]',
      ['kubernetes/indirect-escalation'],
    ],
    [
      'apiGroups: [security.openshift.io], resources: [securitycontextconstraints], verbs: [use], resourceNames: [privileged]',
      ['kubernetes/indirect-escalation'],
    ],
    [
      'apiGroups: [security.openshift.io], resources: [securitycontextconstraints], verbs: [use], resourceNames: [restricted-v2]',
      [],
    ],
    ['apiGroups: [""], resources: [pods], verbs: [create]', ['kubernetes/cluster-wide-pods']],
    ['apiGroups: ["", apps], resources: [daemonsets], verbs: [patch]', ['kubernetes/cluster-wide-pods']],
    ['apiGroups: [apps], resources: [deployments/scale, deployments/status], verbs: [patch]', []],
    ['apiGroups: [argoproj.io], resources: [workflows], verbs: [create]', ['kubernetes/cluster-wide-pods']],
    ['apiGroups: [example.com], resources: [workflows], verbs: [create]', []],
  ])('a role with { %s }: %j', (rule, rules) => {
    const groups: Record<string, string> = { RBAC: 'rbac.authorization.k8s.io', CERTS: 'certificates.k8s.io' };
    const text = rule.replace(/^[A-Z]+/, (short) => `apiGroups: [${groups[short]}]`);
    expect(rulesIn(role(`{ ${text} }`)).sort()).toEqual(rules);
  });

  it.each([
    ['{}', true],
    ['{ matchLabels: {} }', true],
    ['{ matchExpressions: [{ key: a, operator: DoesNotExist }] }', true],
    ['{ matchLabels: { kubernetes.io/bootstrapping: rbac-defaults } }', true],
    ['{ matchExpressions: [{ key: kubernetes.io/bootstrapping, operator: Exists }] }', true],
    ['{ matchExpressions: [{ key: kubernetes.io/bootstrapping, operator: In, values: [x, rbac-defaults] }] }', true],
    ['{ matchExpressions: [{ key: kubernetes.io/bootstrapping, operator: NotIn, values: [rbac-defaults] }] }', false],
    ['{ matchLabels: { aggregate-to-orders: "true" } }', false],
    ['{ matchExpressions: [{ key: a, operator: In, values: [b] }] }', false],
  ])('an aggregation with %s includes cluster-admin: %s', (selector, found) => {
    const text = `{ apiVersion: v1, kind: ClusterRole, aggregationRule: { clusterRoleSelectors: [${selector}] } }`;
    expect(rulesIn(text)).toEqual(found ? ['kubernetes/wildcard-resources'] : []);
  });

  it.each([
    ['{ matchLabels: { rbac.authorization.k8s.io/aggregate-to-admin: "true" } }', 'admin'],
    ['{ matchExpressions: [{ key: rbac.authorization.k8s.io/aggregate-to-edit, operator: Exists }] }', 'edit'],
    ['{ matchLabels: { rbac.authorization.k8s.io/aggregate-to-view: "true" } }', undefined],
  ])('an aggregation with %s includes %s', (selector, included) => {
    const text = `{ apiVersion: v1, kind: ClusterRole, metadata: { name: r }, aggregationRule: { clusterRoleSelectors: [${selector}] } }`;
    expect(check(text).map(({ message }) => message)).toEqual(
      included === undefined ? [] : [`ClusterRole r aggregates the rules of ${included}`],
    );
  });

  it.each([
    ['kube-system', 'Role', ['kubernetes/indirect-escalation']],
    ['shop', 'Role', []],
  ])('a role in %s that changes ConfigMaps', (namespace, kind, rules) => {
    const text = `{ apiVersion: v1, kind: ${kind}, metadata: { namespace: ${namespace} }, rules: [{ apiGroups: [""], resources: [configmaps], verbs: [update] }] }`;
    expect(rulesIn(text)).toEqual(rules);
  });

  it('names the objects of a permission', () => {
    const [finding] = check(
      role('{ apiGroups: [""], resources: [serviceaccounts/token], verbs: [create], resourceNames: [a, b] }'),
    );
    expect(finding?.message).toBe(
      'ClusterRole r may create tokens for accounts of these names in every namespace (a, b)',
    );
  });

  it.each([
    ['ClusterRoleBinding', 'edit', '{ kind: ServiceAccount, name: web }', ['kubernetes/cluster-wide-edit']],
    ['ClusterRoleBinding', 'admin', '{ kind: Group, name: developers }', ['kubernetes/cluster-wide-edit']],
    ['RoleBinding', 'admin', '{ kind: Group, name: developers }', []],
    ['ClusterRoleBinding', 'view', '{ kind: ServiceAccount, name: web }', []],
    [
      'ClusterRoleBinding',
      'system:kube-controller-manager',
      '{ kind: ServiceAccount, name: web }',
      ['kubernetes/system-role-binding'],
    ],
    [
      'ClusterRoleBinding',
      'system:controller:job-controller',
      '{ kind: User, name: alice }',
      ['kubernetes/system-role-binding'],
    ],
    [
      'RoleBinding',
      'system:node',
      '{ kind: Group, name: "system:serviceaccounts:shop" }',
      ['kubernetes/system-role-binding'],
    ],
    ['ClusterRoleBinding', 'system:node', '{ kind: Group, name: "system:nodes" }', []],
    ['ClusterRoleBinding', 'system:auth-delegator', '{ kind: ServiceAccount, name: web }', []],
  ])('a %s of %s to %s: %j', (kind, role, subject, rules) => {
    const text = `{ apiVersion: v1, kind: ${kind}, roleRef: { kind: ClusterRole, name: "${role}" }, subjects: [${subject}] }`;
    expect(rulesIn(text)).toEqual(rules);
  });

  it.each([
    ['edit', '{ kind: ServiceAccount, name: default }', ['kubernetes/default-account-binding']],
    ['admin', '{ kind: Group, name: "system:serviceaccounts:shop" }', ['kubernetes/default-account-binding']],
    ['edit', '{ kind: User, name: "system:serviceaccount:shop:default" }', ['kubernetes/default-account-binding']],
    ['edit', '{ kind: Group, name: "system:serviceaccounts" }', ['kubernetes/everyone-binding']],
    ['view', '{ kind: ServiceAccount, name: default }', []],
    ['edit', '{ kind: ServiceAccount, name: orders }', []],
  ])('a binding of %s to %s: %j', (role, subject, rules) => {
    const text = `{ apiVersion: v1, kind: RoleBinding, roleRef: { kind: ClusterRole, name: ${role} }, subjects: [${subject}] }`;
    expect(rulesIn(text)).toEqual(rules);
  });

  it.each([
    ['kube-system', ['kubernetes/cluster-wide-edit']],
    ['shop', []],
  ])('a RoleBinding of edit in %s: %j', (namespace, rules) => {
    const role = 'roleRef: { kind: ClusterRole, name: edit }, subjects: [{ kind: ServiceAccount, name: web }]';
    expect(rulesIn(`{ apiVersion: v1, kind: RoleBinding, metadata: { namespace: ${namespace} }, ${role} }`)).toEqual(
      rules,
    );
  });

  it.each([
    ['', 'securityContext: { seccompProfile: { type: Unconfined } }', ['unconfined']],
    ['securityContext: { seccompProfile: { type: Unconfined } },', '', ['unconfined']],
    ['', 'securityContext: { seccompProfile: { type: Localhost, localhostProfile: a } }', []],
    ['', 'securityContext: { appArmorProfile: { type: Unconfined } }', ['unconfined']],
    ['', 'securityContext: { procMount: Unmasked }', ['unconfined']],
    ['hostUsers: false,', 'securityContext: { procMount: Unmasked }', []],
    ['securityContext: { seLinuxOptions: { type: spc_t } },', '', ['unconfined']],
    ['', 'securityContext: { seLinuxOptions: { user: system_u } }', ['unconfined']],
    ['', 'securityContext: { seLinuxOptions: { type: container_t, level: "s0" } }', []],
    ['securityContext: { sysctls: [{ name: kernel.msgmax, value: "1" }] },', '', ['unconfined']],
    ['securityContext: { sysctls: [{ name: net.ipv4.tcp_rmem, value: "1" }] },', '', []],
    ['', 'ports: [{ containerPort: 80, hostPort: 80 }]', ['host-port']],
    ['', 'ports: [{ containerPort: 80, hostPort: 0 }]', []],
    ['', 'startupProbe: { tcpSocket: { host: localhost, port: 1 } }', ['probe-host']],
    ['', 'lifecycle: { preStop: { httpGet: { host: metadata.example, port: 1 } } }', ['probe-host']],
    ['', 'livenessProbe: { httpGet: { host: "", port: 1 } }', []],
    ['', 'securityContext: { capabilities: { add: [NET_ADMIN] } }', ['unusual-capability']],
    ['', 'securityContext: { capabilities: { add: [cap_bpf] } }', ['dangerous-capability']],
    ['', 'securityContext: { capabilities: { add: [CHOWN, SETUID] } }', []],
    // Pod Security compares the exact name.
    ['', 'securityContext: { capabilities: { add: [CAP_CHOWN] } }', ['unusual-capability']],
  ])('a pod with %s and a container with %s: %j', (spec, container, rules) => {
    expect(rulesIn(pod(spec, container))).toEqual(rules.map((rule) => `kubernetes/${rule}`));
  });

  it.each([
    ['container.apparmor.security.beta.kubernetes.io/a: unconfined', true],
    ['container.apparmor.security.beta.kubernetes.io/a: localhost/orders', false],
    ['seccomp.security.alpha.kubernetes.io/pod: unconfined', true],
    ['example.com/a: unconfined', false],
  ])('a pod template with the annotation %s is unconfined: %s', (annotation, found) => {
    const template = `{ metadata: { annotations: { ${annotation} } }, spec: { automountServiceAccountToken: false } }`;
    const text = `{ apiVersion: apps/v1, kind: Deployment, spec: { template: ${template} } }`;
    expect(rulesIn(text.replace('false }', 'false, containers: [] }'))).toEqual(found ? ['kubernetes/unconfined'] : []);
  });

  it.each([
    ['ConfigMap', 'data: { mapRoles: "[{ rolearn: arn:aws:iam::1:role/a, groups: [system:masters] }]" }', true],
    ['ConfigMap', 'data: { mapUsers: "[{ userarn: arn:aws:iam::1:user/a, username: system:admin }]" }', true],
    ['ConfigMap', 'data: { mapRoles: "[{ rolearn: arn:aws:iam::1:role/a, groups: [developers] }]" }', false],
    ['ConfigMap', 'data: { mapRoles: "[{ rolearn: arn:aws:iam::1:role/a, groups: [system:nodes] }]" }', false],
    ['ClusterConfig', 'iamIdentityMappings: [{ arn: arn:aws:iam::1:role/a, groups: [system:masters] }]', true],
    ['IAMIdentityMapping', 'spec: { arn: arn:aws:iam::1:role/a, groups: [system:masters] }', true],
    [
      'AccessEntry',
      'spec: { accessPolicies: [{ policyARN: arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy }] }',
      false,
    ],
    ['ClusterRoleBinding', 'subjects: [{ kind: Group, name: developers }]', false],
  ])('a %s with { %s } makes an AWS identity an administrator: %s', (kind, rest, found) => {
    const text = `{ apiVersion: v1, kind: ${kind}, metadata: { name: aws-auth }, ${rest} }`;
    expect(rulesIn(text)).toEqual(found ? ['kubernetes/aws-administrator'] : []);
  });

  it.each(['AmazonEKSClusterAdminPolicy', 'AmazonEKSAdminPolicy'])('find the access policy %s', (policy) => {
    const policyArn = `arn:aws:eks::aws:cluster-access-policy/${policy}`;
    const text = `{ apiVersion: v1, kind: AccessEntry, spec: { accessPolicies: [{ policyARN: ${policyArn} }] } }`;
    expect(rulesIn(text)).toEqual(['cloudformation/administrator-policy']);
  });

  it.each([
    ['in a pod', pod('volumes: [{ name: d, hostDisk: { path: /var/lib/kubelet/disk.img, type: Disk } }],')],
    [
      'in a VirtualMachine',
      '{ apiVersion: kubevirt.io/v1, kind: VirtualMachine, metadata: { name: a }, spec: { template: { spec: { volumes: [{ name: d, hostDisk: { path: /etc/disk.img } }] } } } }',
    ],
  ])('find disks of KubeVirt that are files of the node, %s', (_, text) => {
    expect(rulesIn(text)).toContain('kubernetes/host-path');
  });

  it.each([
    ['kubevirt.io', 'virtualmachines', 'cluster-wide-pods'],
    ['argoproj.io', 'applications', 'cluster-wide-pods'],
    ['kustomize.toolkit.fluxcd.io', 'kustomizations', 'cluster-wide-pods'],
    ['extensions', 'deployments', 'cluster-wide-pods'],
    ['admissionregistration.k8s.io', 'validatingadmissionpolicies', 'indirect-escalation'],
  ])('find a role that creates %s/%s', (group, resource, rule) => {
    const text = `{ apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: { name: a }, rules: [{ apiGroups: [${group}], resources: [${resource}], verbs: [create] }] }`;
    expect(rulesIn(text)).toEqual([`kubernetes/${rule}`]);
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
