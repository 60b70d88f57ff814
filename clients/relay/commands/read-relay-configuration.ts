import { resolve } from 'node:path';
import { Failure } from '@tvm/terminal/failure.ts';
import type { Configuration } from '../config/configuration.ts';
import { ConfigurationFailure, readConfiguration } from '../config/read-configuration.ts';
import { exitCodes } from '../failure.ts';
import type { Log } from '../model/log.ts';
import { untrustedConfiguration } from '../process/trusted-configuration.ts';

/** A valid configuration, and the warnings about it. */
export interface ReadConfiguration {
  configuration: Configuration;
  warnings: string[];
}

/** Reads a configuration for a command. @throws {Failure} listing every error in the file */
export async function readForCommand(file: string, env: NodeJS.ProcessEnv): Promise<ReadConfiguration> {
  try {
    return await readConfiguration(file, env);
  } catch (error) {
    if (!(error instanceof ConfigurationFailure)) throw error;
    const { faults } = error;
    throw new Failure(`${file} is not a valid configuration`, {
      code: 'configuration',
      exitCode: exitCodes.usage,
      option: '--config',
      reasons: faults,
    });
  }
}

const UNTRUSTED = 'who can change it decides where the agent sends its secrets, and which files it writes';

/**
 * Logs the warnings about a configuration, and one more if another user can change the file.
 *
 * @param file the file that the configuration was read from
 */
export async function logWarnings(file: string, warnings: readonly string[], log: Log): Promise<void> {
  const untrusted = await untrustedConfiguration(resolve(file));
  const ofPlace = untrusted === undefined ? [] : [`${untrusted}; ${UNTRUSTED}`];
  for (const warning of [...warnings, ...ofPlace]) log.warn({ warning }, 'warning about the configuration');
}
