import type { Configuration } from '../config/configuration.ts';
import { untrustedConfiguration } from '../process/trusted-configuration.ts';
import type { Checked } from './checked.ts';
import { error, type Finding, warning } from './finding.ts';
import { accessFault } from './may-access.ts';

/** Checks that the agent can read its configuration, and that no other user can change it. */
export async function checkConfigurationFile({ configuration, file, user }: Checked): Promise<Finding[]> {
  const findings: Finding[] = [];
  const unreadable = await accessFault(file, ['read'], user);
  if (unreadable)
    findings.push(error('configuration', `${file} ${unreadable}`, `chgrp ${user.name} ${file} && chmod g+r ${file}`));
  const untrusted = await untrustedConfiguration(file, user.uid);
  if (untrusted === undefined) return findings;
  const runs = runsCommands(configuration);
  const sentence = runs ? `${untrusted}; the agent refuses such a file if it contains commands` : untrusted;
  const help = `chown root ${file} && chmod go-w ${file}; do the same for its folder`;
  return [...findings, (runs ? error : warning)('configuration', sentence, help)];
}

/** Reports whether a configuration contains a command or hook for the agent to run. */
function runsCommands({ tokens, alerts = [] }: Configuration): boolean {
  return (
    tokens.some(({ type, after_renewal }) => type === 'exec' || after_renewal !== undefined) ||
    alerts.some((alert) => 'command' in alert)
  );
}
