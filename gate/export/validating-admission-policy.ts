import { stringify } from 'yaml';
import { ADMITTED, type AdmissionRule, admissionRules, exportHeading } from './admission.ts';

/**
 * Returns the rules as ValidatingAdmissionPolicies with bindings, for Kubernetes 1.30 or later.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export function exportValidatingAdmissionPolicy(allowedRegistries: readonly string[]): string {
  const rules = admissionRules(allowedRegistries);
  const documents = rules.flatMap((rule) => [policy(rule), binding(rule)]).map((document) => stringify(document));
  return exportHeading(rules) + documents.join('---\n');
}

function policy({ rule, name, of, cel, variables }: AdmissionRule) {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: ADMITTED[of].map(({ group, resources }) => ({
          apiGroups: [group],
          apiVersions: ['v1'],
          operations: ['CREATE', 'UPDATE'],
          resources,
        })),
      },
      ...(variables.length > 0 && { variables }),
      validations: [{ expression: cel, message: `${rule.id}: ${rule.title}. ${rule.instead}` }],
    },
  };
}

function binding({ rule, name }: AdmissionRule) {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, validationActions: rule.severity === 'error' ? ['Deny'] : ['Warn', 'Audit'] },
  };
}
