import { describeDuration, writeJson } from '@tvm/terminal/output.ts';
import { noTokenFailure } from '../failure.ts';
import { isHealthy } from '../model/status.ts';
import { type ControlOptions, clientFor } from './control-options.ts';
import { described, problemsOf } from './status.ts';

/** Makes the agent fetch a token now, and prints the token's status. @throws {Failure} if the fetch fails */
export async function refresh(name: string, options: ControlOptions): Promise<void> {
  const client = await clientFor(options);
  const status = await client.refresh(name);
  if (options.output === 'json') writeJson(described(status));
  if (!isHealthy(status)) {
    const problems = problemsOf(status).join('; ');
    throw noTokenFailure(`${name} is ${status.state}${problems ? `: ${problems}` : ''}`);
  }
  if (options.output === 'json') return;
  const { expiresAt } = status;
  const end =
    expiresAt === undefined ? '' : `; it expires in ${describeDuration(Math.floor((expiresAt - Date.now()) / 1_000))}`;
  process.stderr.write(`${name} was fetched and written${end}\n`);
}
