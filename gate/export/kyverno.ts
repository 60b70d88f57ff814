import { stringify } from 'yaml';
import { ADMITTED, type AdmissionRule, admissionRules, exportHeading } from './admission.ts';

/**
 * Returns the rules as cluster policies for Kyverno 1.13 or later.
 *
 * @see https://kyverno.io/docs/policy-types/cluster-policy/validate/#common-expression-language-cel
 */
export function exportKyverno(allowedRegistries: readonly string[]): string {
  const rules = admissionRules(allowedRegistries);
  return exportHeading(rules) + rules.map((rule) => stringify(policy(rule))).join('---\n');
}

function policy({ rule, name, of, cel, variables }: AdmissionRule) {
  return {
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: {
      name,
      annotations: {
        'policies.kyverno.io/title': rule.title,
        'policies.kyverno.io/description': rule.why,
        // The rule already includes the controllers of pods.
        'pod-policies.kyverno.io/autogen-controllers': 'none',
      },
    },
    spec: {
      background: true,
      rules: [
        {
          name,
          match: {
            any: [
              {
                resources: {
                  kinds: ADMITTED[of].flatMap(({ group, kinds }) =>
                    kinds.map((kind) => (group === '' ? `v1/${kind}` : `${group}/v1/${kind}`)),
                  ),
                  operations: ['CREATE', 'UPDATE'],
                },
              },
            ],
          },
          validate: {
            failureAction: rule.severity === 'error' ? 'Enforce' : 'Audit',
            cel: {
              ...(variables.length > 0 && { variables }),
              expressions: [{ expression: cel, message: `${rule.id}: ${rule.title}. ${rule.instead}` }],
            },
          },
        },
      ],
    },
  };
}
