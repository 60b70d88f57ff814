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

/** A Secret of Kubernetes with its values. */
export const committedSecret: CredentialRule = {
  id: 'credentials/committed-secret',
  severity: 'warning',
  title: 'a Secret with its values',
  why: 'Base64 hides nothing: whoever may read the repository has the values.',
  instead:
    'Have the cluster fetch them (External Secrets, Secrets Store CSI), or commit them encrypted (SealedSecret, SOPS).',
  failing: secret('mode=live'),
  passing: secret('"${SETTINGS}"'),
  inKubernetes: ({ kind, title, value }) => {
    // The cluster writes the values of a service account's token itself.
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
    return [{ in: first.in, key: first.key, message: `${title} has its values in the file: ${keys}` }];
  },
};

function decode(data: string): string {
  // A placeholder is not encoded.
  return isNoSecret(data) ? '' : Buffer.from(data, 'base64').toString('latin1');
}
