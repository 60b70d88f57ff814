import { resolve } from 'node:path';
import type { Configuration } from '../config/configuration.ts';
import { ConfigurationFailure, readConfiguration } from '../config/read-configuration.ts';
import { agentUser } from './agent-user.ts';
import { checkConfigurationFile } from './check-configuration-file.ts';
import { checkMadeFiles } from './check-made-files.ts';
import { checkCertificates, checkCommands } from './check-read-files.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkUnit } from './check-unit.ts';
import { type Area, areas, error, type Finding, warning } from './finding.ts';
import type { ServiceUnit } from './service-unit.ts';

/** The result of a check. */
export interface CheckResult {
  /** Undefined if the configuration is invalid. */
  configuration: Configuration | undefined;
  /** The areas that were checked. */
  looked: readonly Area[];
  findings: Finding[];
}

/**
 * Checks a configuration against this machine and the agent's systemd unit. Fetches and changes nothing.
 *
 * @param unit the agent's systemd unit. Without one, the agent is assumed to run as the user of this process
 */
export async function checkConfiguration(
  path: string,
  { env, unit }: { env: NodeJS.ProcessEnv; unit: ServiceUnit | undefined },
): Promise<CheckResult> {
  const file = resolve(path);
  try {
    const { configuration, warnings, position } = await readConfiguration(file, env);
    const findings = warnings.map((sentence) => warning('configuration', sentence));
    const user = await agentUser(unit);
    if (user === undefined) {
      const named = [unit?.last('User'), unit?.last('Group'), ...(unit?.words('SupplementaryGroups') ?? [])];
      const names = [...new Set(named.filter(Boolean))].join(', ');
      const sentence = `the user or a group of the unit does not exist on this machine: the unit names ${names}`;
      const help = 'create them (systemd-sysusers), or change User=, Group= or SupplementaryGroups= in the unit';
      return {
        configuration,
        looked: ['configuration', 'unit'],
        findings: [...findings, error('unit', sentence, help)],
      };
    }
    const checked = { configuration, file, env, user, unit };
    const checks = [checkConfigurationFile, checkMadeFiles, checkSecrets, checkCertificates, checkCommands, checkUnit];
    findings.push(...(await Promise.all(checks.map((check) => check(checked)))).flat());
    return { configuration, looked: areas, findings: findings.map((one) => ({ ...one, ...position(one.sentence) })) };
  } catch (failure) {
    if (!(failure instanceof ConfigurationFailure)) throw failure;
    return {
      configuration: undefined,
      looked: ['configuration'],
      findings: failure.faults.map((fault) => error('configuration', fault, helpWithout(fault, file))),
    };
  }
}

function helpWithout(fault: string, file: string): string | undefined {
  return fault === 'the file does not exist'
    ? `tokenrelay init --file ${file} writes a first configuration`
    : undefined;
}
