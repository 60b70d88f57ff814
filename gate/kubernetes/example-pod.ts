import type { SourceFile } from '../model/finding.ts';

/** An image with a digest, for examples. */
export const IMAGE = `ghcr.io/acme/web@sha256:${'0'.repeat(64)}`;

/** Returns a pod that complies with every rule except for the given lines of its spec and its container. */
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

/** The spec of a pod that does not use the cluster's API. */
export const PLAIN = ['automountServiceAccountToken: false'];
