import type { CheckOptions, Hit } from '../model/check.ts';
import type { CloudFormationRule } from './check.ts';
import type { CloudFormationResource } from './resources.ts';
import { contentsOf, widest, withStatements } from './statements.ts';

/**
 * Finds what cannot be judged in a resource: policies that cannot be read before deployment, and statements that would
 * violate one of the rules with another value of what nothing in the template restricts.
 */
export function notJudgedIn(
  resource: CloudFormationResource,
  rules: readonly CloudFormationRule[],
  options: CheckOptions,
): Hit[] {
  const { allowing, unread } = contentsOf(resource);
  const errors = rules.filter(({ severity }) => severity === 'error');
  const violated = (statement: (typeof allowing)[number]): string[] =>
    errors
      .filter(({ check }) =>
        [...check(withStatements(resource, [statement]), options)].some((hit) => hit.in === statement.value),
      )
      .map(({ id }) => id);
  const ofStatements = allowing.flatMap((statement): Hit[] => {
    const reasons = new Set<string>();
    const wide = widest(statement, reasons);
    if (wide === undefined) return [];
    const already = violated(statement);
    const [possible] = violated(wide).filter((id) => !already.includes(id));
    if (possible === undefined) return [];
    const reason = [...reasons][0] ?? 'a value is known only at deployment';
    return [{ in: statement.value, message: `${resource.title} is not judged for ${possible}, because ${reason}` }];
  });
  return [
    ...ofStatements,
    ...unread.map(({ reason, ...place }) => ({
      ...place,
      message: `${resource.title} has a policy that is not judged, because ${reason}`,
    })),
  ];
}
