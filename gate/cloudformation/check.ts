import type { CheckedRule, Hit } from '../model/check.ts';
import type { CloudFormationResource } from './resources.ts';
import { type Allowing, allowing } from './statements.ts';

/** A rule about one resource of a template. */
export type CloudFormationRule = CheckedRule<CloudFormationResource>;

/**
 * Returns a check of every statement that allows something.
 *
 * @param problems returns the problems of a statement, as clauses that follow the name of the resource
 */
export function eachAllowing(problems: (statement: Allowing) => { key?: string; problem: string }[]) {
  return (resource: CloudFormationResource): Hit[] =>
    allowing(resource).flatMap((statement) =>
      problems(statement).map(({ key, problem }) => ({
        in: statement.value,
        key,
        message: `${resource.title} ${problem}`,
      })),
    );
}
