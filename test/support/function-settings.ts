import {
  LambdaClient,
  ListFunctionsCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { inject } from 'vitest';

const lambda = new LambdaClient(inject('deployed').target);

/** Returns the name of a deployed function and its environment. */
async function functionOf(useCase: string): Promise<{ name: string; environment: Record<string, string> }> {
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  const found = Functions.find(({ Environment }) => Environment?.Variables?.POWERTOOLS_SERVICE_NAME === useCase);
  if (found?.FunctionName === undefined) throw new Error(`there is no function ${useCase}`);
  return { name: found.FunctionName, environment: { ...found.Environment?.Variables } };
}

/** Returns the environment of a deployed function. */
export async function settingsOf(useCase: string): Promise<Record<string, string>> {
  return (await functionOf(useCase)).environment;
}

/**
 * Deploys a function with some environment variables changed.
 *
 * @returns a function that restores the environment
 */
export async function changeSettings(useCase: string, change: Record<string, string>): Promise<() => Promise<void>> {
  const { name: FunctionName, environment } = await functionOf(useCase);
  const set = async (Variables: Record<string, string>) => {
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
    await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 20 }, { FunctionName });
  };
  await set({ ...environment, ...change });
  return () => set(environment);
}
