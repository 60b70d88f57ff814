import { resolve } from 'node:path';
import { Failure } from '@tvm/terminal/failure.ts';
import type { Configuration } from '../config/configuration.ts';
import { ConfigurationFailure, readConfiguration } from '../config/read-configuration.ts';
import { exitCodes } from '../failure.ts';
import type { Log } from '../model/log.ts';
import { untrustedConfiguration } from '../process/trusted-configuration.ts';

/** A configuration that may be used, and what is to be warned of in it. */
export interface ReadConfiguration {
  configuration: Configuration;
  warnings: string[];
}

/** Reads a configuration for a command. @throws {Failure} with every fault in it */
export async function readForCommand(file: string, env: NodeJS.ProcessEnv): Promise<ReadConfiguration> {
  try {
    return await readConfiguration(file, env);
  } catch (error) {
    if (!(error instanceof ConfigurationFailure)) throw error;
    const { faults } = error;
    throw new Failure(`${file} is refused`, {
      code: 'configuration',
      exitCode: exitCodes.usage,
      option: '--config',
      reasons: faults,
    });
  }
}

const UNTRUSTED = 'whoever changes it chooses which secrets the agent sends where, and which files it writes';

/**
 * Logs what is allowed in a configuration but should not be there, and that another user can change it.
 *
 * @param file where it was read
 */
export async function logWarnings(file: string, warnings: readonly string[], log: Log): Promise<void> {
  const untrusted = await untrustedConfiguration(resolve(file));
  const ofPlace = untrusted === undefined ? [] : [`${untrusted}; ${UNTRUSTED}`];
  for (const warning of [...warnings, ...ofPlace])
    log.warn({ warning }, 'the configuration is in force, but warned of');
}
