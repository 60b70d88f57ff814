import { DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  DeleteFunctionConcurrencyCommand,
  type FunctionConfiguration,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  paginateListFunctions,
} from '@aws-sdk/client-lambda';
import { inject } from 'vitest';

const { target } = inject('deployed');
const iam = new IAMClient(target);
const lambda = new LambdaClient(target);

const PolicyName = 'e2e-outage';

/** Returns the name of a use case's function. */
export async function functionOf(useCase: string): Promise<string> {
  return (await configurationOf(useCase)).FunctionName ?? '';
}

/** Returns the name of the role of a use case's function. */
export async function roleOf(useCase: string): Promise<string> {
  const { Role = '' } = await configurationOf(useCase);
  return Role.slice(Role.lastIndexOf('/') + 1);
}

async function configurationOf(useCase: string): Promise<FunctionConfiguration> {
  for await (const { Functions = [] } of paginateListFunctions({ client: lambda }, {})) {
    const found = Functions.find(({ Environment }) => Environment?.Variables?.POWERTOOLS_SERVICE_NAME === useCase);
    if (found !== undefined) return found;
  }
  throw new Error(`no function of ${useCase}`);
}

/** Denies actions to a role, which simulates an outage of those services. */
export async function denied(RoleName: string, ...Action: string[]): Promise<void> {
  const Statement = [{ Effect: 'Deny', Action, Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
}

/** Removes the denial. */
export async function restore(RoleName: string): Promise<void> {
  await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
}

/** Stops a function from running, as if the account's concurrency were exhausted. */
export async function throttled(FunctionName: string): Promise<void> {
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 }));
}

/** Lets the function run again. */
export async function unthrottled(FunctionName: string): Promise<void> {
  await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
}
