import type { SourceFile } from '../model/finding.ts';

/** A role of one rule. */
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

/** A role that keeps every rule. */
export const READ_CONFIG = role('{ apiGroups: [""], resources: [configmaps], verbs: [get, watch] }');

/** CEL: no rule of the role for which `fault` holds. */
export function noRule(fault: string) {
  return () => `!has(object.rules) || object.rules == null || object.rules.all(r, !(${fault}))`;
}
