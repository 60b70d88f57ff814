const DIGEST = `@sha256:${'0'.repeat(64)}`;

function pod(spec: string, container = '', annotations = '', image = `ghcr.io/acme/web${DIGEST}`): string {
  return `{ apiVersion: v1, kind: Pod, metadata: { name: a, annotations: { ${annotations} } }, spec: { ${spec} containers: [{ name: a, image: "${image}", ${container} }, { name: b }] } }`;
}

function role(rule: string, kind = 'ClusterRole'): string {
  return `{ apiVersion: rbac.authorization.k8s.io/v1, kind: ${kind}, metadata: { name: a, namespace: kube-system }, rules: [{ ${rule} }] }`;
}

function binding(name: string, subject: string, kind = 'ClusterRoleBinding', namespace = 'shop'): string {
  return `{ apiVersion: rbac.authorization.k8s.io/v1, kind: ${kind}, metadata: { name: a, namespace: ${namespace} }, roleRef: { kind: ClusterRole, name: "${name}" }, subjects: [${subject}] }`;
}

function aggregation(selector: string): string {
  return `{ apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: { name: a }, aggregationRule: { clusterRoleSelectors: [{ ${selector} }] } }`;
}

const GROUPS = [
  '""',
  'apps',
  '"*"',
  'rbac.authorization.k8s.io',
  'certificates.k8s.io',
  'orders.example.com',
  '"", apps',
];
const RESOURCES = [
  '"*"',
  'pods',
  'deployments',
  'secrets',
  'clusterroles',
  'signers',
  'configmaps',
  'nodes',
  'users',
  'userextras/scopes',
  'serviceaccounts/token',
  '"*/exec"',
  'pods/ephemeralcontainers',
  'certificatesigningrequests/approval',
];
const VERBS = ['"*"', 'get', 'create', 'update, patch', 'escalate', 'bind', 'impersonate', 'approve'];
const NAMES = [
  '',
  ', resourceNames: ["cluster-admin"]',
  ', resourceNames: [aws-auth, "kubernetes.io/a"]',
  ', resourceNames: ["*"]',
];

const roles = GROUPS.flatMap((group) =>
  RESOURCES.flatMap((resource) =>
    VERBS.flatMap((verb) =>
      NAMES.map((names) => `apiGroups: [${group}], resources: [${resource}], verbs: [${verb}]${names}`),
    ),
  ),
);

const PATHS = [
  '/',
  '//',
  '/./etc',
  '/etc',
  '/etc/',
  '/etcetera',
  '/etc/ssl/certs',
  '/etc//localtime',
  '/var',
  '/var/./run/docker.sock',
  '/var/log',
  '/var/log/orders',
  '/lib/modules',
  '/usr',
  '/opt',
  '/opt/cni/bin',
  '/home/core/.ssh',
  '/var/lib/kube-proxy',
  '/var/lib/./etcd-a/x',
  '/vmlinuz-6.8',
  '/mnt/data',
  'C:\\\\ProgramData',
  'c:/data',
  '\\\\\\\\.\\\\pipe\\\\docker_engine',
];

const IMAGES = [
  'redis',
  'redis:7',
  `redis${DIGEST}`,
  'library/redis',
  'docker.io/redis',
  'index.docker.io/library/redis',
  'docker.io/acme/redis',
  'acme/redis',
  'localhost/redis',
  'registry:5000/redis',
  'ghcr.io/acme/web',
  'ghcr.io/acme-evil/web',
  `ghcr.io/acme/web:1${DIGEST}`,
];

const SUBJECTS = [
  '{ kind: ServiceAccount, name: web, namespace: shop }',
  '{ kind: ServiceAccount, name: default, namespace: shop }',
  '{ kind: User, name: "system:anonymous" }',
  '{ kind: User, name: "system:serviceaccount:shop:default" }',
  '{ kind: Group, name: "system:authenticated" }',
  '{ kind: Group, name: "system:serviceaccounts:shop" }',
  '{ kind: Group, name: "system:nodes" }',
];
const BOUND = [
  'view',
  'edit',
  'cluster-admin',
  'system:node',
  'system:controller:job-controller',
  'system:auth-delegator',
];

/** Objects that the exported policies and the check must decide equally, as YAML. */
export const admissionCases: readonly string[] = [
  ...roles.map((rule) => role(rule)),
  ...roles.filter((_, index) => index % 7 === 0).map((rule) => role(rule, 'Role')),
  role('nonResourceURLs: ["*"], verbs: ["*"]'),
  role('nonResourceURLs: ["/metrics"], verbs: [get]'),
  ...BOUND.flatMap((name) =>
    SUBJECTS.flatMap((subject) => [binding(name, subject), binding(name, subject, 'RoleBinding')]),
  ),
  ...BOUND.map((name) => binding(name, SUBJECTS[0] ?? '', 'RoleBinding', 'kube-system')),
  role('nonResourceURLs: ["/*"], verbs: ["*"]'),
  aggregation(''),
  aggregation('matchLabels: { kubernetes.io/bootstrapping: rbac-defaults }'),
  aggregation('matchLabels: { rbac.authorization.k8s.io/aggregate-to-edit: "true" }'),
  aggregation('matchLabels: { rbac.authorization.k8s.io/aggregate-to-view: "true" }'),
  aggregation('matchExpressions: [{ key: kubernetes.io/bootstrapping, operator: Exists }]'),
  aggregation('matchExpressions: [{ key: kubernetes.io/bootstrapping, operator: NotIn, values: [rbac-defaults] }]'),
  aggregation('matchExpressions: [{ key: a, operator: In, values: [b] }]'),
  aggregation('matchExpressions: [{ key: a, operator: DoesNotExist }]'),
  ...PATHS.flatMap((path) => [
    pod(`volumes: [{ name: v, hostPath: { path: "${path}" } }],`),
    pod(
      `volumes: [{ name: v, hostPath: { path: "${path}" } }],`,
      'volumeMounts: [{ name: v, mountPath: /v, readOnly: true }]',
    ),
    pod(`volumes: [{ name: v, hostPath: { path: "${path}" } }],`, 'volumeMounts: [{ name: v, mountPath: /v }]'),
    `{ apiVersion: v1, kind: PersistentVolume, metadata: { name: a }, spec: { local: { path: "${path}" } } }`,
  ]),
  ...IMAGES.map((image) => pod('', '', '', image)),
  pod('', '', 'container.apparmor.security.beta.kubernetes.io/a: unconfined'),
  pod('', '', 'container.apparmor.security.beta.kubernetes.io/a: localhost/a, other: unconfined'),
  pod('hostUsers: false,', 'securityContext: { procMount: Unmasked }'),
  pod('hostUsers: true,', 'securityContext: { procMount: Unmasked }'),
  pod('', 'securityContext: { capabilities: { add: [cap_sys_admin, net_admin] } }'),
  pod('automountServiceAccountToken: false,'),
  pod('serviceAccountName: web,'),
  pod('hostNetwork: false, hostPID: true,', 'ports: [{ containerPort: 80, hostPort: 0 }]'),
  ...['Deployment', 'Job'].map(
    (kind) =>
      `{ apiVersion: apps/v1, kind: ${kind}, metadata: { name: a }, spec: { template: { spec: { hostIPC: true, containers: [] } } } }`,
  ),
  '{ apiVersion: batch/v1, kind: CronJob, metadata: { name: a }, spec: { jobTemplate: { spec: { template: { metadata: { annotations: { seccomp.security.alpha.kubernetes.io/pod: unconfined } }, spec: { containers: [] } } } } } }',
];
