import type { CheckOptions } from '../model/check.ts';
import type { Rule, SourceFile } from '../model/finding.ts';
import type { PolicyDirectory, PolicyView } from './directory.ts';

/** A result of a rule: a policy or an entry of a YAML file, and a sentence about it. */
export type PolicyHit =
  | { policy: PolicyView; message: string }
  | {
      file: 'roles.yaml' | 'networks.yaml' | 'windows.yaml' | 'trust.yaml' | 'ceiling.cedar';
      entry: readonly string[];
      message: string;
    };

/** A rule about a policy directory. Its examples belong to the directory of example-directory.ts. */
export interface PolicyRule extends Rule {
  /** Set if the rule reports that something is missing. Such a rule is skipped if a file cannot be read. */
  needsEveryFile?: true;
  check(directory: PolicyDirectory, options: Pick<CheckOptions, 'today'>): Iterable<PolicyHit>;
}

/**
 * Returns a rule that checks each policy separately.
 *
 * @param fault returns the problem of a policy, as a clause that follows its name
 */
export function ruleOfEach(
  rule: Omit<PolicyRule, 'check'>,
  fault: (policy: PolicyView, directory: PolicyDirectory) => string | undefined,
): PolicyRule {
  return {
    ...rule,
    *check(directory) {
      for (const policy of directory.policies) {
        const message = fault(policy, directory);
        if (message !== undefined) yield { policy, message: `"${policy.id}" ${message}` };
      }
    },
  };
}

/** Returns a file with example policies. */
export function cedarExample(text: string): SourceFile {
  return { name: 'policies/example.cedar', text };
}

/** A permit that complies with every rule: principal, action, resource and audience are all named. */
export const NARROW_READ = cedarExample(`@id("orders-service-reads-shipments")
permit (
  principal == Workload::"arn:aws:iam::111122223333:role/orders-service",
  action == Action::"read",
  resource == Resource::"orders-db/shipments"
)
when { context.audience == "orders-db" };
`);

/** Formats names for a sentence: `a`, `a and b`, `a, b and 3 more`. */
export function listed(names: readonly string[]): string {
  if (names.length > 3) return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
