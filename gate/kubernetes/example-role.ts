import type { SourceFile } from '../model/finding.ts';

/** Returns a role with one rule. */
export function role(rule: string, kind = 'Role'): SourceFile {
  const text = `apiVersion: rbac.authorization.k8s.io/v1
kind: ${kind}
metadata:
  name: example
rules:
  - ${rule}
`;
  return { name: 'role.yaml', text };
}

/** A role that complies with every rule. */
export const READ_CONFIG = role('{ apiGroups: [""], resources: [configmaps], verbs: [get, watch] }');

/** Returns a CEL expression that is true if `fault` is false for every rule of the role. */
export function noRule(fault: string) {
  return () => `!has(object.rules) || object.rules == null || object.rules.all(r, !(${fault}))`;
}
