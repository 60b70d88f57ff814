import type { CheckedRule, Hit } from '../model/check.ts';
import type { CloudFormationResource } from './resources.ts';
import { type Allowing, allowing } from './statements.ts';

/** A rule about one resource of a template. */
export type CloudFormationRule = CheckedRule<CloudFormationResource>;

/** Resource types whose policies only limit what other policies allow. The usual ones allow everything. */
const GRANTS_NOTHING: ReadonlySet<string> = new Set(['AWS::EC2::VPCEndpoint', 'AWS::Organizations::Policy']);

/**
 * Returns a check of every statement that allows something.
 *
 * @param problems returns the problems of a statement, as clauses that follow the name of the resource
 */
export function eachAllowing(problems: (statement: Allowing) => { key?: string; problem: string }[]) {
  return (resource: CloudFormationResource): Hit[] =>
    (GRANTS_NOTHING.has(resource.type) ? [] : allowing(resource)).flatMap((statement) =>
      problems(statement).map(({ key, problem }) => ({
        in: statement.value,
        key,
        message: `${resource.title} ${problem}`,
      })),
    );
}

/** Returns the actions of a statement by the resource patterns on which it allows them too broadly. */
export function byResource(actions: readonly string[], broad: (action: string) => readonly string[]) {
  const pairs = actions.flatMap((action) => broad(action).map((resource) => ({ action, resource })));
  return [...Map.groupBy(pairs, ({ resource }) => resource)].map(([resource, found]) => ({
    actions: [...new Set(found.map(({ action }) => action))].join(', '),
    resource: resource === '*' ? 'every resource' : resource,
  }));
}
