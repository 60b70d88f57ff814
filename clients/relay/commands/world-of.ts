import { dirname, resolve } from 'node:path';
import type { World } from '../agent/agent.ts';
import { systemClock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';

/** The agent's view of this machine: clock, log, environment and configuration path. @param file the configuration */
export function worldOf(file: string, env: NodeJS.ProcessEnv, log: Log): World {
  const configFile = resolve(file);
  return { clock: systemClock, log, env, configFile, configFolder: dirname(configFile) };
}
