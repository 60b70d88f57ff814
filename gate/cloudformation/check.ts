import type { CheckedRule, Hit } from '../model/check.ts';
import type { CloudFormationResource } from './resources.ts';
import { type Allowing, allowing } from './statements.ts';

/** A rule over one resource of a template. */
export type CloudFormationRule = CheckedRule<CloudFormationResource>;

/** A check of every statement that allows something: what is wrong with it, in clauses that follow the resource's name. */
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
