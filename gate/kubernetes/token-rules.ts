import { isFalse, textOf } from '../model/values.ts';
import type { KubernetesRule } from './check.ts';
import { examplePod, PLAIN } from './example-pod.ts';

const automountedToken: KubernetesRule = {
  id: 'kubernetes/automounted-token',
  severity: 'warning',
  title: 'a mounted token of the default service account',
  why: 'A pod that does not use the cluster’s API has a credential for it, which it shares with all pods of its namespace.',
  instead:
    'Write `automountServiceAccountToken: false` in the pod’s spec. If the pod uses the API, give it a `serviceAccountName` of its own.',
  failing: examplePod([]),
  passing: examplePod(PLAIN),
  check: ({ pods }) =>
    pods
      .filter(({ isComplete, spec }) => isComplete && !isFalse(spec.automountServiceAccountToken))
      // A pod with a service account of its own probably uses the API.
      .filter(({ spec }) => (textOf(spec.serviceAccountName) || textOf(spec.serviceAccount) || 'default') === 'default')
      .map(({ title, spec }) => ({
        in: spec,
        key: 'automountServiceAccountToken',
        message: `${title} mounts the token of its namespace’s default service account`,
      })),
  admission: {
    of: 'pods',
    cel: () =>
      'has(variables.spec.automountServiceAccountToken) && variables.spec.automountServiceAccountToken == false || ' +
      "has(variables.spec.serviceAccountName) && !(variables.spec.serviceAccountName in ['', 'default'])",
  },
};

function secret(type: string) {
  const text = `apiVersion: v1
kind: Secret
metadata:
  name: example
  annotations: { kubernetes.io/service-account.name: web }
type: ${type}
`;
  return { name: 'secret.yaml', text };
}

const longLivedToken: KubernetesRule = {
  id: 'kubernetes/long-lived-token',
  severity: 'error',
  title: 'a service account token that never expires',
  why: 'The cluster writes a token into a Secret of this type. A leaked token works until the Secret is deleted.',
  instead:
    'Use tokens that expire: a `projected` volume with `serviceAccountToken` and `expirationSeconds`, or `kubectl create token`.',
  failing: secret('kubernetes.io/service-account-token'),
  passing: secret('Opaque'),
  check: ({ kind, title, value }) =>
    kind === 'Secret' && value.type === 'kubernetes.io/service-account-token'
      ? [{ in: value, key: 'type', message: `${title} contains a service account token that never expires` }]
      : [],
  admission: {
    of: 'secrets',
    cel: () => "!has(object.type) || object.type != 'kubernetes.io/service-account-token'",
  },
};

/** The rules about credentials for the cluster. */
export const tokenRules = [automountedToken, longLivedToken];
