import { isFalse, textOf } from '../model/values.ts';
import type { KubernetesRule } from './check.ts';
import { examplePod, PLAIN } from './example-pod.ts';
import { podSpecOf } from './pods.ts';

const automountedToken: KubernetesRule = {
  id: 'kubernetes/automounted-token',
  severity: 'warning',
  title: 'a token of the default service account in every container',
  why: 'A pod that never asked for the cluster’s API carries a credential for it, and shares it with its whole namespace.',
  instead:
    'Write `automountServiceAccountToken: false` in the pod’s spec, or name a `serviceAccountName` of its own if it does speak to the API.',
  failing: examplePod([]),
  passing: examplePod(PLAIN),
  check: (object) => {
    const spec = podSpecOf(object);
    if (spec === undefined || isFalse(spec.automountServiceAccountToken)) return [];
    const account = textOf(spec.serviceAccountName) || textOf(spec.serviceAccount) || 'default';
    // With an account of its own, the pod says that it needs what the account may do.
    if (account !== 'default') return [];
    const message = `${object.title} mounts the token of its namespace’s default service account`;
    return [{ in: spec, key: 'automountServiceAccountToken', message }];
  },
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
  title: 'a service-account token that never ends',
  why: 'A Secret of this type makes the cluster write a token into it that is good until the Secret is deleted, wherever it leaks to.',
  instead:
    'Take tokens that end: a `projected` volume with `serviceAccountToken` and `expirationSeconds`, or `kubectl create token`.',
  failing: secret('kubernetes.io/service-account-token'),
  passing: secret('Opaque'),
  check: ({ kind, title, value }) =>
    kind === 'Secret' && value.type === 'kubernetes.io/service-account-token'
      ? [{ in: value, key: 'type', message: `${title} holds a service-account token without an end` }]
      : [],
  admission: {
    of: 'secrets',
    cel: () => "!has(object.type) || object.type != 'kubernetes.io/service-account-token'",
  },
};

/** Which credentials for the cluster there may be. */
export const tokenRules = [automountedToken, longLivedToken];
