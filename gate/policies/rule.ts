import type { Rule, SourceFile } from '../model/finding.ts';
import type { PolicyDirectory, PolicyView } from './directory.ts';

/** What a rule found: a policy, or an entry of one of the YAML files, and a sentence. */
export type PolicyHit =
  | { policy: PolicyView; message: string }
  | { file: 'roles.yaml' | 'networks.yaml' | 'windows.yaml'; entry: readonly string[]; message: string };

/** A rule over a policy directory. Its examples stand in the directory of example-directory.ts. */
export interface PolicyRule extends Rule {
  /** Set when it says what is not there, so that a file that cannot be read would mislead it. */
  needsEveryFile?: true;
  check(directory: PolicyDirectory): Iterable<PolicyHit>;
}

/** A rule over one policy at a time: a sentence for each one at fault, which begins after its name. */
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

/** An example: policies in a file of their own. */
export function cedarExample(text: string): SourceFile {
  return { name: 'policies/example.cedar', text };
}

/** A permit in which no rule finds anything: who, what, where and for whom are all named. */
export const NARROW_READ = cedarExample(`@id("orders-service-reads-shipments")
permit (
  principal == Workload::"arn:aws:iam::111122223333:role/orders-service",
  action == Action::"read",
  resource == Resource::"orders-db/shipments"
)
when { context.audience == "orders-db" };
`);

/** Names for a sentence: `a`, `a and b`, `a, b and 3 more`. */
export function listed(names: readonly string[]): string {
  if (names.length > 3) return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
