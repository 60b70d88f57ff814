import type { CheckOptions, Hit } from '../model/check.ts';
import type { Mapping } from '../model/values.ts';
import type { CloudFormationRule } from './check.ts';
import { hasTooManyPatterns } from './patterns.ts';
import type { CloudFormationResource } from './resources.ts';
import { type Allowing, contentsOf, mayBe, widest, withStatements } from './statements.ts';

const ADMINISTRATOR = 'arn:aws:iam::aws:policy/AdministratorAccess';

/** The widest values of properties that grant permissions themselves. */
const WIDEST: Mapping = { Principal: '*', ManagedPolicyArns: ADMINISTRATOR, ManagedPolicies: ADMINISTRATOR };

/**
 * Finds what cannot be judged in a resource: policies that cannot be read before deployment, and statements and properties
 * with a value that the template leaves open, where some possible value would violate a rule.
 */
export function notJudgedIn(
  resource: CloudFormationResource,
  rules: readonly CloudFormationRule[],
  options: CheckOptions,
): Hit[] {
  const { allowing, unread } = contentsOf(resource);
  const errors = rules.filter(({ severity }) => severity === 'error');
  /** Returns the rules that the properties violate, or, if a statement is given, that the statement violates. */
  const violated = (properties: Mapping, statement?: Allowing): string[] => {
    const changed = withStatements({ ...resource, properties }, statement ? [statement] : []);
    const place = statement?.value ?? properties;
    return errors
      .filter(({ check }) => [...check(changed, options)].some((hit) => hit.in === place))
      .map(({ id }) => id);
  };
  const unknown = (before: readonly string[], after: readonly string[], reasons: ReadonlySet<string>): string[] => {
    const rule = after.find((id) => !before.includes(id));
    const reason = [...reasons][0] ?? 'a value is known only at deployment';
    return rule === undefined ? [] : [`${resource.title} is not judged for ${rule}, because ${reason}`];
  };
  const { properties } = resource;
  const ofStatements = allowing.flatMap((statement): Hit[] => {
    const reasons = new Set<string>();
    const wide = widest(statement, reasons);
    const messages = wide === undefined ? [] : unknown(violated({}, statement), violated({}, wide), reasons);
    if (hasTooManyPatterns(statement.resources)) {
      messages.push(`${resource.title} has a statement with too many resource patterns, which are not all judged`);
    }
    return messages.map((message) => ({ in: statement.value, message }));
  });
  const ofProperties = Object.keys(WIDEST).flatMap((key): Hit[] => {
    const reasons = new Set<string>();
    if (!mayBe(properties[key], String(WIDEST[key]), reasons)) return [];
    const messages = unknown(violated(properties), violated({ ...properties, [key]: WIDEST[key] }), reasons);
    return messages.map((message) => ({ in: properties, key, message }));
  });
  const ofPolicies = unread.map(({ reason, ...place }) => ({
    ...place,
    message: `${resource.title} has a policy or template that is not judged, because ${reason}`,
  }));
  return [...ofStatements, ...ofProperties, ...ofPolicies];
}
