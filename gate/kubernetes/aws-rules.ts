import type { Hit } from '../model/check.ts';
import { readManifest } from '../model/read-manifest.ts';
import { elements, isMapping, type Mapping, mapping, textOf, texts } from '../model/values.ts';
import type { KubernetesRule } from './check.ts';
import type { KubernetesObject } from './objects.ts';

/** Kubernetes’ own groups and users that control the cluster. `system:nodes` does not. */
const ADMIN = /^system:(?:masters|admin|kube-controller-manager|kube-scheduler|kube-apiserver)$/;

const awsAuth = (groups: string) => ({
  name: 'aws-auth.yaml',
  text: `apiVersion: v1
kind: ConfigMap
metadata:
  name: aws-auth
  namespace: kube-system
data:
  mapRoles: |
    - rolearn: arn:aws:iam::111122223333:role/deployer
      username: deployer
      groups: [${groups}]
`,
});

const awsAdministrator: KubernetesRule = {
  id: 'kubernetes/aws-administrator',
  severity: 'error',
  title: 'an AWS identity that administers the cluster',
  why: 'Everyone who can assume the role controls the cluster. RBAC cannot restrict `system:masters`.',
  instead: 'Map the role to a group of your own, and bind that group to a role that lists only what it needs.',
  failing: awsAuth('system:masters'),
  passing: awsAuth('deployers'),
  check: (object) => [...administrators(object.value, object.title), ...inAwsAuth(object)],
};

/** The values in the ConfigMap `aws-auth` are strings that contain YAML. */
function inAwsAuth(object: KubernetesObject): Hit[] {
  if (object.kind !== 'ConfigMap' || mapping(object.value.metadata).name !== 'aws-auth') return [];
  const data = mapping(object.value.data);
  return ['mapRoles', 'mapUsers'].flatMap((key) => {
    const manifest = readManifest(textOf(data[key]) ?? '');
    const values = 'problem' in manifest ? [] : manifest.documents.map(({ value }) => value);
    return [...administrators(values, object.title)].map(({ message }) => ({ in: data, key, message }));
  });
}

/** Finds access entries and identity mappings by shape, in the formats of eksctl, AWS controllers and the authenticator. */
function* administrators(value: unknown, title: string): Generator<Hit> {
  for (const element of elements(value)) yield* administrators(element, title);
  if (!isMapping(value)) return;
  const identity = arnIn(value);
  const given = [...texts(value.groups), ...texts(value.kubernetesGroups), textOf(value.username) ?? ''];
  const admin = identity === undefined ? undefined : given.find((name) => ADMIN.test(name));
  if (admin !== undefined) yield { in: value, message: `${title} makes ${identity} ${admin}` };
  for (const member of Object.values(value)) yield* administrators(member, title);
}

function arnIn(value: Mapping): string | undefined {
  return Object.values(value).find((member) => typeof member === 'string' && /^arn:[\w-]+:(?:iam|sts):/.test(member)) as
    | string
    | undefined;
}

/** The rules about AWS identities in a cluster. */
export const awsRules = [awsAdministrator];
