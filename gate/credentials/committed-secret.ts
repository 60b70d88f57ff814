import { mapping, textOf } from '../model/values.ts';
import type { CredentialRule } from './check.ts';
import { isNoSecret } from './placeholders.ts';

function secret(value: string) {
  const text = `apiVersion: v1
kind: Secret
metadata:
  name: example
stringData:
  settings: ${value}
`;
  return { name: 'secret.yaml', text };
}

/** Finds a Kubernetes Secret that contains its values. */
export const committedSecret: CredentialRule = {
  id: 'credentials/committed-secret',
  severity: 'warning',
  title: 'a Secret that contains its values',
  why: 'Base64 is not encryption. Everyone who can read the repository can read the values.',
  instead:
    'Let the cluster fetch the values (External Secrets, Secrets Store CSI), or commit them encrypted (SealedSecret, SOPS).',
  failing: secret('mode=live'),
  passing: secret('"${SETTINGS}"'),
  inKubernetes: ({ kind, title, value }) => {
    // The cluster itself writes a service account token into the Secret.
    if (kind !== 'Secret' || value.type === 'kubernetes.io/service-account-token') return [];
    const data = mapping(value.data);
    const plain = mapping(value.stringData);
    const written = [
      ...Object.keys(data).map((key) => ({ in: data, key, text: decode(textOf(data[key]) ?? '') })),
      ...Object.keys(plain).map((key) => ({ in: plain, key, text: textOf(plain[key]) ?? '' })),
    ].filter(({ text }) => !isNoSecret(text));
    const [first] = written;
    if (first === undefined) return [];
    const keys = written.map(({ key }) => key).join(', ');
    return [{ in: first.in, key: first.key, message: `${title} contains its values: ${keys}` }];
  },
};

function decode(data: string): string {
  // A placeholder is not base64.
  return isNoSecret(data) ? '' : Buffer.from(data, 'base64').toString('latin1');
}
