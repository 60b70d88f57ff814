import type { Rule, SourceFile } from '@tvm/gate/model/finding.ts';
import { rulesById, suppressibleRules } from '@tvm/gate/rules.ts';
import { GENERATED } from './tables.ts';

/** Maximum length of an example that is shown completely, in characters. */
const LONGEST_EXAMPLE = 2_000;

/** What the rules are about, and what else covers the rest. */
const SCOPE =
  `The rules are about machine identity: what policies grant, what lets a workload become another identity or reach its
node, and credentials that were left in files. For pods this includes
[Pod Security’s *baseline*](https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline). Other rules belong to
other tools:

| not checked here | use |
| --- | --- |
| Pod Security’s *restricted*: users, groups, dropped capabilities, required seccomp profiles, volume types | the cluster: \`kubectl label namespace NAME pod-security.kubernetes.io/enforce=restricted\` |
| limits, probes, labels, replicas, network policies | [Kyverno](https://kyverno.io/policies/), \`checkov --directory k8s\` ([Checkov](https://www.checkov.io/)) |
| encryption, logging and backups in templates | \`checkov --file template.yaml\` |
| signatures and provenance of images | [Sigstore’s policy controller](https://docs.sigstore.dev/policy-controller/overview/), or Kyverno’s \`verifyImages\` |

The label in a manifest:

\`\`\`yaml
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    pod-security.kubernetes.io/enforce: restricted
\`\`\`

Kubernetes rules apply to objects and pods by their shape: in a \`List\` or a template of OpenShift, in custom resources such as
those of Argo, Knative and Tekton, in texts that are manifests, and in JSON patches and merge patches of kustomize. A finding
names the path to the pod. System components, such as storage and network drivers, need what some rules forbid: suppress those
findings where they are.
`.split('\n');

/** Returns the reference page of the rules of `tvm policy check`. */
export function gateRulesPage(): string {
  const rules = [...rulesById.values()];
  return [
    `${GENERATED}# The rules of \`tvm policy check\``,
    '',
    'An error makes the check fail. A warning is only shown, unless `--strict` is given.',
    '',
    ...SCOPE,
    '| rule | severity | forbids |',
    '| --- | --- | --- |',
    ...rules.map(({ id, severity, title }) => `| [\`${id}\`](#${anchor(id)}) | ${severity} | ${title} |`),
    '',
    ...rules.map(section),
  ].join('\n');
}

function section(rule: Rule): string {
  const { id, severity, title, why, instead, failing, passing } = rule;
  const suppressed = suppressibleRules.has(id) ? '' : ' It cannot be suppressed.';
  return [
    `## ${id}`,
    '',
    `${severity === 'error' ? 'Error' : 'Warning'}: ${title}.${suppressed}`,
    '',
    why,
    '',
    instead,
    '',
    'Fails:',
    '',
    fenced(failing),
    '',
    'Passes:',
    '',
    fenced(passing),
    '',
  ].join('\n');
}

function fenced({ name, text }: SourceFile): string {
  const language = name.slice(name.lastIndexOf('.') + 1).replace('yml', 'yaml');
  const shown = text.length > LONGEST_EXAMPLE ? `${text.slice(0, text.indexOf('\n'))}\n# (shortened)\n` : text;
  return `\`\`\`${language}\n${shown.trimEnd()}\n\`\`\``;
}

/** Returns the anchor that GitHub generates for a heading. */
function anchor(id: string): string {
  return id.replace(/[^\w-]/g, '');
}
