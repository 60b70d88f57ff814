import type { SourceFile } from '../model/finding.ts';

/** An image whose digest is named, for examples. */
export const IMAGE = `ghcr.io/acme/web@sha256:${'0'.repeat(64)}`;

/** A pod that keeps every rule but for what is put into its spec (one key a line) and its container. */
export function examplePod(spec: readonly string[], container: readonly string[] = []): SourceFile {
  const lines = [
    'apiVersion: v1',
    'kind: Pod',
    'metadata:',
    '  name: example',
    'spec:',
    ...[...spec].map((line) => `  ${line}`),
    '  containers:',
    '    - name: app',
    ...(container.some((line) => line.startsWith('image:')) ? [] : [`image: ${IMAGE}`]).map((line) => `      ${line}`),
    ...container.map((line) => `      ${line}`),
  ];
  return { name: 'pod.yaml', text: `${lines.join('\n')}\n` };
}

/** The spec of a pod that needs nothing of the cluster. */
export const PLAIN = ['automountServiceAccountToken: false'];
