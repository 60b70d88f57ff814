import { checkFiles } from '@tvm/gate/check-files.ts';
import type { Finding } from '@tvm/gate/model/finding.ts';
import { DAY_OF_EXAMPLES } from '@tvm/gate/suppression.ts';

/** Checks a text as a file of its own. */
export function check(text: string, name = 'file.yaml'): Finding[] {
  return checkFiles([{ name, text }], { today: DAY_OF_EXAMPLES });
}

/** Returns the rules that find something in a text. */
export function rulesIn(text: string): string[] {
  return check(text).map(({ rule }) => rule);
}

/** Returns a pod with the given parts of its spec and its only container, both in flow style. */
export function pod(spec = '', container = ''): string {
  const image = container.includes('image:') ? '' : `image: ghcr.io/acme/web@sha256:${'0'.repeat(64)}, `;
  return `{ apiVersion: v1, kind: Pod, metadata: { name: web }, spec: { automountServiceAccountToken: false, ${spec} containers: [{ name: app, ${image}${container} }] } }`;
}

/** Returns a template with one resource, whose properties are in flow style. */
export function template(type: string, properties: string): string {
  return `Resources:\n  Thing: { Type: '${type}', Properties: ${properties} }\n`;
}
