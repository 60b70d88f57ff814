import { Failure } from '@tvm/terminal/failure.ts';
import type { Agent } from '../agent/agent.ts';
import { startAgent } from '../agent/start-agent.ts';
import type { Configuration } from '../config/configuration.ts';
import { ConfigurationFailure, readConfiguration } from '../config/read-configuration.ts';
import { EndpointFailure } from '../endpoints/endpoint-failure.ts';
import type { EndpointParts } from '../endpoints/start-endpoint.ts';
import { exitCodes, faultDetails } from '../failure.ts';
import { type AgentLog, agentLog } from './agent-log.ts';
import type { ControlSettings } from './control-socket.ts';
import { endpointSet, type Opening } from './endpoint-set.ts';
import { logWarnings, readForCommand } from './read-relay-configuration.ts';
import { refuseSecondAgent } from './sole-agent.ts';
import { worldOf } from './world-of.ts';

export interface RelayOptions {
  /** The configuration file. */
  file: string;
  env: NodeJS.ProcessEnv;
  /** The file descriptor for logs. */
  logTo: 1 | 2;
  /** Returns the settings of the control socket, or undefined for no control socket. */
  control(configuration: Configuration): Promise<ControlSettings | undefined>;
}

/** An agent with its endpoints. */
export interface Relay {
  agent: Agent;
  /** Names of the tokens that were published since the start. Grows while the agent runs. */
  published: ReadonlySet<string>;
  log: AgentLog;
  /** The configuration as read at the start. */
  configuration: Configuration;
  /** The control socket as configured at the start. */
  control: ControlSettings | undefined;
  /** Reloads the configuration file. If it is invalid, keeps the previous configuration and logs the errors. */
  reload(): Promise<void>;
  /** Withdraws outputs that are configured to be removed on stop, and closes all endpoints and sources. */
  stop(): Promise<void>;
}

/**
 * Starts an agent and opens its endpoints.
 *
 * @throws {Failure} if the configuration is invalid, another agent uses the control socket, or an endpoint cannot be
 * opened
 */
export async function startRelay({ file, env, logTo, control }: RelayOptions): Promise<Relay> {
  const { configuration, warnings } = await readForCommand(file, env);
  const log = agentLog(levelOf(configuration), logTo);
  await logWarnings(file, warnings, log);
  const controlSettings = await control(configuration);
  if (controlSettings) await refuseSecondAgent(controlSettings.socket);
  const agent = startAgent(configuration, worldOf(file, env, log));
  const published = new Set<string>();
  agent.onChange((name, token) => token && published.add(name));
  const endpoints = endpointSet(log);
  const parts = { tokens: agent, log };
  try {
    await endpoints.change(await openings(configuration, controlSettings, parts));
  } catch (error) {
    await agent.stop();
    throw endpointFailure(error);
  }

  const reloadNow = async () => {
    try {
      const read = await readConfiguration(file, env);
      await endpoints.change(await openings(read.configuration, await control(read.configuration), parts));
      await logWarnings(file, read.warnings, log);
      await agent.reload(read.configuration);
      log.info({ file }, 'configuration reloaded');
      log.level = levelOf(read.configuration);
    } catch (error) {
      log.error({ file, faults: faultsOf(error) }, 'the new configuration is invalid; the previous one stays in use');
    }
  };
  let last: Promise<void> = Promise.resolve();
  return {
    agent,
    published,
    log,
    configuration,
    control: controlSettings,
    reload() {
      last = last.then(reloadNow);
      return last;
    },
    async stop() {
      try {
        await agent.stop();
      } finally {
        await endpoints.close();
      }
    },
  };
}

function levelOf({ log_level }: Configuration) {
  return log_level ?? 'info';
}

// Imported on demand: only agents with endpoints need this code, and only after the first fetch has started.
async function openings(
  { endpoints = [] }: Configuration,
  control: ControlSettings | undefined,
  parts: EndpointParts,
): Promise<Opening[]> {
  const wanted: Opening[] = [];
  if (endpoints.length > 0) {
    const { startEndpoint } = await import('../endpoints/start-endpoint.ts');
    for (const settings of endpoints) {
      const { protocol } = settings;
      wanted.push({ key: JSON.stringify(settings), protocol, open: async () => startEndpoint(settings, parts) });
    }
  }
  if (control !== undefined) {
    const { startControl } = await import('../endpoints/control.ts');
    const key = `control ${JSON.stringify(control)}`;
    wanted.push({ key, protocol: 'control', open: async () => startControl(control, parts) });
  }
  return wanted;
}

function endpointFailure(error: unknown): unknown {
  if (!(error instanceof EndpointFailure)) return error;
  return new Failure(error.message, { code: 'endpoint', exitCode: exitCodes.fault });
}

function faultsOf(error: unknown): unknown {
  if (error instanceof ConfigurationFailure) return error.faults;
  return error instanceof EndpointFailure ? [error.message] : [faultDetails(error)];
}
