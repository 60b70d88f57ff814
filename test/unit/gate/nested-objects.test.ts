import { describe, expect, it } from 'vitest';
import { check, rulesIn } from './check.ts';

const ROLE =
  '{ apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: { name: all }, rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] }';
const PRIVILEGED = 'securityContext: { privileged: true }';
const POD = `{ automountServiceAccountToken: false, containers: [{ name: a, ${PRIVILEGED} }] }`;

function messages(text: string): string[] {
  return check(text).map(({ rule, message }) => `${rule}: ${message}`);
}

function object(kind: string, rest: string): string {
  return `{ apiVersion: example.com/v1, kind: ${kind}, metadata: { name: x }, ${rest} }`;
}

const ALL = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

describe('IAM policies in Kubernetes objects', () => {
  it.each([
    ['as text', `spec: { policyDocument: '${JSON.stringify(ALL)}' }`, 'cloudformation/all-actions'],
    ['as a mapping', `spec: { forProvider: { document: ${JSON.stringify(ALL)} } }`, 'cloudformation/all-actions'],
    [
      'as a trust policy',
      `spec: { assumeRolePolicyDocument: '${JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }] })}' }`,
      'cloudformation/public-access',
    ],
    [
      'that AWS manages',
      'spec: { policies: ["arn:aws:iam::aws:policy/AdministratorAccess"] }',
      'cloudformation/administrator-policy',
    ],
  ])('%s are judged', (_, rest, rule) => {
    expect(rulesIn(object('Policy', rest))).toEqual([rule]);
    expect(rulesIn(`{ apiVersion: v1, kind: List, items: [${object('Policy', rest)}] }`)).toEqual([rule]);
  });

  it('are not those in schemas', () => {
    const schema = 'spec: { statement: { Effect: { type: string }, NotAction: { type: array }, Resource: {} } }';
    expect(rulesIn(object('CustomResourceDefinition', schema))).toEqual([]);
  });
});

describe('what is not read in an object is reported', () => {
  const kustomization = (rest: string) =>
    `{ apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization, ${rest} }`;

  it.each([
    ['a patch', kustomization("patches: [{ patch: '- op: add\n  path: [/spec' }]")],
    ['a manifest in a text', object('Workflow', String.raw`a: { manifest: "apiVersion: v1\nkind: {{=x}: [\n" }`)],
    [
      'a chart in a text',
      object('ConfigMap', String.raw`data: { a: "{{- if .X }}\napiVersion: v1\nkind: Pod\n{{- end }}" }`),
    ],
    ['identities of aws-auth', object('ConfigMap', "data: { mapRoles: '- rolearn: [a' }")],
    ['replacements', kustomization('replacements: [{ sourceValue: cluster-admin }]')],
    ['charts', kustomization('helmCharts: [{ name: orders }]')],
    ['a remote base', kustomization('resources: [base, "https://example.com/a.yaml"]')],
    ['a base in a repository', kustomization('resources: ["github.com/acme/orders//deploy?ref=v1"]')],
  ])('%s', (_, text) => {
    expect(rulesIn(text)).toEqual(['gate/not-judged']);
  });

  it.each([
    ['local bases', kustomization('resources: [../base, web.yaml], components: [../tls], replacements: []')],
    [
      'a program with a manifest',
      object('ConfigMap', String.raw`data: { a.sh: "#!/bin/sh\napiVersion: v1\nkind: [" }`),
    ],
    ['a text about manifests', object('ConfigMap', 'data: { a: "Set apiVersion and kind: [x" }')],
    ['no text', object('Workflow', 'a: { manifest: "" }')],
  ])('but not %s', (_, text) => {
    expect(rulesIn(text)).toEqual([]);
  });
});

describe('objects inside objects', () => {
  it.each([
    ['Template', `objects: [${ROLE}]`],
    ['Object', `spec: { forProvider: { manifest: ${ROLE} } }`],
    ['ManifestWork', `spec: { workload: { manifests: [${ROLE}] } }`],
    ['Anything', `a: { b: [{ c: ${ROLE} }] }`],
    ['ConfigMap', `data: { role.yaml: '${ROLE}' }`],
    ['Workflow', `spec: { templates: [{ resource: { action: create, manifest: '${ROLE}' } }] }`],
  ])('are checked in a %s', (kind, rest) => {
    expect(messages(object(kind, rest))).toEqual([
      `kubernetes/wildcard-resources: ClusterRole all in ${kind} x may do everything with every resource`,
    ]);
  });

  it.each([
    ['GlobalRole', 'rules: [{ apiGroups: [""], resources: [nodes/proxy], verbs: [get] }]', 'GlobalRole x'],
    [
      'ClusterServiceVersion',
      'spec: { clusterPermissions: [{ rules: [{ apiGroups: [""], resources: [nodes/proxy], verbs: [get] }] }] }',
      'ClusterServiceVersion x (spec.clusterPermissions[0])',
    ],
  ])('are checked if they have the rules of a role: %s with { %s }', (kind, rest, title) => {
    expect(messages(object(kind, rest))).toEqual([
      `kubernetes/self-escalation: ${title} may use nodes/proxy to reach the kubelet’s API, and with it every pod`,
    ]);
  });

  it.each([
    ['permissions', []],
    ['clusterPermissions', ['kubernetes/cluster-wide-secrets']],
  ])('have the rules of one namespace or of all: %s', (key, rules) => {
    const rule = '{ apiGroups: [""], resources: [secrets], verbs: [get] }';
    expect(rulesIn(object('ClusterServiceVersion', `spec: { ${key}: [{ rules: [${rule}] }] }`))).toEqual(rules);
  });

  it('are not rules of another shape with verbs', () => {
    const audit = 'rules: [{ level: Metadata, verbs: ["*"], resources: [{ group: "", resources: ["*"] }] }]';
    expect(rulesIn(object('Policy', audit))).toEqual([]);
  });

  it('are checked in a text with unquoted placeholders', () => {
    const manifest =
      'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec:\n  replicas: {{count}}\n  hostPID: true\n';
    expect(rulesIn(object('Workflow', `spec: { manifest: ${JSON.stringify(manifest)} }`))).toContain(
      'kubernetes/host-namespace',
    );
  });

  it('are checked in a List in a List', () => {
    const list = (item: string) => `{ apiVersion: v1, kind: List, items: [${item}] }`;
    expect(rulesIn(list(list(object('Template', `objects: [${list(ROLE)}]`))))).toEqual([
      'kubernetes/wildcard-resources',
    ]);
  });

  it.each([
    'ref: { apiVersion: v1, kind: Pod, name: a }',
    `openAPIV3Schema: { default: ${POD} }`,
    `spec: { annotations: { last: '${ROLE}' } }`,
    `spec: { pattern: ${POD} }`,
  ])('are not references to objects, schemas, patterns or copies of objects: { %s }', (rest) => {
    expect(rulesIn(object('Anything', rest))).toEqual([]);
  });

  it('are suppressed on their own', () => {
    const allowed = `# tvm-allow kubernetes/wildcard-resources until 2026-12-31: for a demo\n`;
    const role = ROLE.replace('all', 'other');
    const text = `apiVersion: v1\nkind: Template\nobjects:\n- ${ROLE}\n${allowed}- ${role}\n`;
    expect(check(text).map(({ line }) => line)).toEqual([4]);
  });
});

describe('pods inside objects', () => {
  it.each([
    ['DeploymentConfig', `spec: { template: { spec: ${POD} } }`, 'DeploymentConfig x'],
    ['Service', `spec: { template: { spec: ${POD} } }`, 'Service x'],
    ['Flink', `spec: { podTemplate: { spec: ${POD} } }`, 'Flink x (spec.podTemplate.spec)'],
    ['Job', `spec: { tasks: [{ template: { spec: ${POD} } }] }`, 'Job x (spec.tasks[0].template.spec)'],
    ['Kafka', `spec: { pods: [{ template: { spec: ${POD} } }] }`, 'Kafka x (spec.pods[0].template.spec)'],
  ])('are checked in a %s with { %s }', (kind, rest, title) => {
    expect(messages(object(kind, rest))).toEqual([
      `kubernetes/privileged-container: container "a" of ${title} is privileged`,
    ]);
  });

  it.each([
    ['Workflow', `spec: { templates: [{ name: t, container: { ${PRIVILEGED} } }] }`, 'container "t" of'],
    ['Workflow', `spec: { templates: [{ name: t, script: { ${PRIVILEGED} } }] }`, 'script "t" of'],
    [
      'Workflow',
      `spec: { templates: [{ containerSet: { containers: [{ name: c, ${PRIVILEGED} }] } }] }`,
      'container "c" of',
    ],
    [
      'CronWorkflow',
      `spec: { workflowSpec: { templates: [{ sidecars: [{ name: s, ${PRIVILEGED} }] }] } }`,
      'sidecar "s" of',
    ],
    ['Task', `spec: { steps: [{ name: s, ${PRIVILEGED} }] }`, 'step "s" of'],
    [
      'PipelineRun',
      `spec: { pipelineSpec: { tasks: [{ taskSpec: { steps: [{ name: s, ${PRIVILEGED} }] } }] } }`,
      'step "s" of',
    ],
    ['Spark', `spec: { driver: { ${PRIVILEGED} } }`, 'Spark x (spec.driver)'],
  ])('are checked in a %s with { %s }', (kind, rest, title) => {
    const [finding, ...others] = messages(object(kind, rest));
    expect(others).toEqual([]);
    expect(finding).toContain(`kubernetes/privileged-container: ${title}`);
  });

  it.each([
    ['spec: { hostNetwork: true }', ['kubernetes/host-namespace']],
    ['spec: { volumes: [{ name: h, hostPath: { path: / } }] }', ['kubernetes/host-path']],
    ['spec: { podSpecPatch: "hostPID: true" }', ['kubernetes/host-namespace']],
    ['spec: { values: { hostIPC: true } }', ['kubernetes/host-namespace']],
    ['spec: { helm: { values: "agent:\\n  hostIPC: true" } }', ['kubernetes/host-namespace']],
    ['spec: { selector: [{ operator: In, values: ["a: b", hostPID] }] }', []],
    ['spec: { hostNetwork: { type: boolean }, steps: [[{ name: a }]], container: nginx }', []],
  ])('use the node in an object with { %s }: %j', (rest, rules) => {
    expect(rulesIn(object('Anything', rest))).toEqual(rules);
  });

  it.each(['PodSecurityPolicy', 'SecurityContextConstraints', 'ConfigMap'])('are not what a %s has', (kind) => {
    expect(rulesIn(object(kind, 'spec: { hostPID: true }, data: { hostPID: "true" }'))).toEqual([]);
  });

  it('are complete only where they are whole', () => {
    const noAutomount = { containers: 'containers: [{ name: a }]' };
    const template = `spec: { template: { spec: { ${noAutomount.containers} } } }`;
    expect(rulesIn(object('DeploymentConfig', template))).toEqual(['kubernetes/automounted-token']);
    expect(rulesIn(object('Prometheus', `spec: { ${noAutomount.containers} }`))).toEqual([]);
  });
});

const STEPS = '[{ op: add, path: /spec/template/spec/hostPID, value: true }]';
const MERGED = '{ spec: { template: { spec: { hostPID: true } } } }';

describe('patches', () => {
  const target = 'target: { kind: Deployment, name: web }';
  it.each([
    ['patches as text', `patches: [{ ${target}, patch: '${STEPS}' }]`],
    ['patches as merged text', `patches: [{ ${target}, patch: '${MERGED}' }]`],
    ['patches as steps', `patches: [{ ${target}, patch: ${STEPS} }]`],
    ['patches as an object', `patches: [{ ${target}, patch: ${MERGED} }]`],
    ['patchesJson6902', `patchesJson6902: [{ ${target}, patch: '${STEPS}' }]`],
  ])('of kustomize are checked: %s', (_, rest) => {
    expect(messages(object('Kustomization', rest))).toEqual([
      'kubernetes/host-namespace: the patch of Deployment web in Kustomization x shares the node’s processes (hostPID)',
    ]);
  });

  it.each(['text', 'object'])('of kustomize are checked: patchesStrategicMerge as %s', (form) => {
    const patch = `{ apiVersion: apps/v1, kind: Deployment, metadata: { name: web }, ${MERGED.slice(1)}`;
    const rest = `patchesStrategicMerge: [other.yaml, ${form === 'text' ? `'${patch}'` : patch}]`;
    expect(messages(object('Kustomization', rest))).toEqual([
      'kubernetes/host-namespace: the patch of Deployment web in Kustomization x shares the node’s processes (hostPID)',
    ]);
  });

  it('are checked each, also with the same text', () => {
    const text = `patches:\n- patch: '${STEPS}'\n- patch: '${STEPS}'\n`;
    expect(check(text).map(({ line }) => line)).toEqual([2, 3]);
  });

  it('are checked once if aliases repeat a long text', () => {
    const long = `kind: Pod, apiVersion: v1, spec: { hostPID: true, a: "${'a'.repeat(50_000)}" }`;
    const text = `x: &x '{ ${long} }'\ny: [${Array(1_000).fill('{ a: *x }').join(', ')}]\n`;
    const findings = check(`apiVersion: v1\nkind: Anything\n${text}`);
    expect(findings.length).toBeGreaterThan(0);
    expect(findings.length).toBeLessThan(10);
  });

  it('are checked in a kustomization without a kind, and in a file of their own', () => {
    expect(rulesIn(`{ resources: [a.yaml], patches: [{ patch: '${STEPS}' }] }`)).toEqual(['kubernetes/host-namespace']);
    expect(rulesIn(STEPS)).toEqual(['kubernetes/host-namespace']);
  });

  it.each([
    ['/spec/template/spec/containers/0/securityContext/privileged', 'true', 'privileged-container'],
    ['/spec/template/spec/containers/0/securityContext', '{ privileged: true }', 'privileged-container'],
    ['/spec/template/spec/containers/-', '{ name: b, securityContext: { privileged: true } }', 'privileged-container'],
    ['/spec/template/spec/containers/3/securityContext/capabilities/add/-', 'SYS_ADMIN', 'dangerous-capability'],
    ['/spec/template/spec/volumes/-', '{ name: h, hostPath: { path: / } }', 'host-path'],
    ['/spec/jobTemplate/spec/template/spec/hostIPC', 'true', 'host-namespace'],
    ['/rules/-', '{ apiGroups: [""], resources: [nodes/proxy], verbs: [get] }', 'self-escalation'],
    ['/rules/0/resources/-', '"*"', 'wildcard-resources'],
    ['/rules/0/verbs/-', 'bind', 'self-escalation'],
    ['/rules/0/verbs/-', 'get', undefined],
    ['/roleRef', '{ kind: ClusterRole, name: cluster-admin }', 'cluster-admin-binding'],
    ['/subjects/-', '{ kind: Group, name: "system:unauthenticated" }', 'anonymous-binding'],
    ['/metadata/labels/a~1b', 'c', undefined],
    ['/spec/replicas', '3', undefined],
  ])('that write %s: %s break the rule %s', (path, value, rule) => {
    const steps = `[{ op: test, path: /a, value: b }, { op: replace, path: ${path}, value: ${value} }]`;
    expect([...new Set(rulesIn(steps))]).toEqual(rule === undefined ? [] : [`kubernetes/${rule}`]);
  });

  it('whose target is a pattern of kinds are checked', () => {
    const steps = '[{ op: add, path: /rules/0/resources/-, value: "*" }]';
    expect(rulesIn(`{ patches: [{ target: { kind: Role|ClusterRole }, patch: '${steps}' }] }`)).toEqual([
      'kubernetes/wildcard-resources',
    ]);
  });

  it('are read together: a step may fill what another one adds', () => {
    const steps = [
      '{ op: add, path: /rules, value: [] }',
      '{ op: add, path: /rules/-, value: { apiGroups: [apps], resources: [deployments] } }',
      '{ op: add, path: /rules/0/verbs, value: ["*"] }',
    ];
    expect(rulesIn(`[${steps.join(', ')}]`)).toEqual(['kubernetes/wildcard-verbs']);
  });

  it.each([
    '[{ op: add }]',
    '[{ op: add, path: "" }]',
    '[{ op: 7, path: /a }]',
    `[{ op: add, path: "${'/a'.repeat(9999)}", value: 1 }]`,
  ])('that are malformed cause no exception: %.40s', (steps) => {
    expect(() => check(`{ patches: [{ patch: ${steps} }] }`)).not.toThrow();
    expect(() => check(steps)).not.toThrow();
  });
});
