import type { Agent } from '../agent/agent.ts';
import { startAgent } from '../agent/start-agent.ts';
import { exitCodeOf, noTokenFailure } from '../failure.ts';
import { isHealthy, type TokenStatus } from '../model/status.ts';
import { agentLog } from './agent-log.ts';
import { handleSignals } from './early-signals.ts';
import { holdProcess } from './hold-process.ts';
import { endOnFaults } from './process-faults.ts';
import { logWarnings, readForCommand } from './read-relay-configuration.ts';
import { worldOf } from './world-of.ts';

/**
 * Fetches and writes each token once. Leaves the files at the end: they are the purpose of the run.
 *
 * @throws {Failure} naming the tokens that are not healthy
 */
export async function runOnce(file: string): Promise<void> {
  const { env } = process;
  let agent: Agent | undefined;
  await handleSignals(['SIGTERM', 'SIGINT', 'SIGHUP'], (signal) => {
    void endEarly(agent, signal);
  });
  const { configuration, warnings } = await readForCommand(file, env);
  const log = agentLog(configuration.log_level ?? 'info');
  await logWarnings(file, warnings, log);
  endOnFaults(log);
  const release = holdProcess();
  agent = startAgent(configuration, worldOf(file, env, log));
  const statuses = await agent.settled;
  release();
  const failed = statuses.filter((status) => !isHealthy(status));
  const written = statuses.length - failed.length;
  process.stderr.write(`${written} of ${statuses.length} tokens fetched and written\n`);
  if (failed.length > 0) throw noTokenFailure('not all tokens could be fetched and written', failed.map(troubleOf));
}

/** Finishes a write in progress, so that no temporary file with a token is left. */
async function endEarly(agent: Agent | undefined, signal: NodeJS.Signals): Promise<void> {
  await agent?.stop();
  process.exit(exitCodeOf(signal));
}

/** Describes what is wrong with a token: `NAME: problem`. */
export function troubleOf({ name, state, lastError, outputs }: TokenStatus): string {
  const problem = outputs.find(({ problem }) => problem !== undefined);
  const ofOutput = problem && `${problem.name}: ${problem.problem}`;
  return `${name}: ${lastError ?? ofOutput ?? state}`;
}
