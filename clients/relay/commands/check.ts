import { resolve } from 'node:path';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import { checkConfiguration } from '../check/check-configuration.ts';
import { type Report, reportObject, writeReport } from '../check/report.ts';
import { installedUnit, readUnit, type ServiceUnit } from '../check/service-unit.ts';
import { trySources } from '../check/try-sources.ts';
import { exitCodes } from '../failure.ts';
import { Unreadable } from '../files/read-bounded.ts';
import { defaultConfiguration, type GlobalOptions } from './global-options.ts';

/** The options of `tokenrelay check`. */
export interface CheckOptions extends GlobalOptions {
  unit?: string;
  fetch?: true;
}

/**
 * Checks a configuration and prints the findings.
 *
 * @throws {Failure} if the unit given by `--unit` cannot be read
 */
export async function check({ config, output, unit: named, fetch }: CheckOptions): Promise<void> {
  const file = resolve(config ?? defaultConfiguration);
  const unit = await unitOf(named);
  const { configuration, looked, findings } = await checkConfiguration(file, { env: process.env, unit });
  const isWrong = findings.some(({ level }) => level === 'error');
  const trials = fetch && configuration ? await trySources(configuration, file, process.env) : undefined;
  const failed = trials?.some(({ failure }) => failure !== undefined) ?? false;
  process.exitCode = isWrong ? exitCodes.usage : failed ? exitCodes.noToken : exitCodes.done;
  const report: Report = { file, unit: unit?.file, areas: looked, findings, trials };
  if (output === 'json') writeJson(reportObject(report));
  else writeReport(report, process.stdout);
}

async function unitOf(named: string | undefined): Promise<ServiceUnit | undefined> {
  if (named === undefined) return await installedUnit('tokenrelay.service');
  try {
    return await readUnit(resolve(named));
  } catch (error) {
    if (error instanceof Unreadable) throw usageFailure(`--unit ${named} ${error.message}`, '--unit');
    throw error;
  }
}
