import { readFile, stat } from 'node:fs/promises';
import type { AfterRenewal } from '../settings/hooks.ts';
import { addCapability } from './check-made-files.ts';
import type { Checked } from './checked.ts';
import { error, type Finding, warning } from './finding.ts';
import { madeFolders, requiredFolders } from './unit-paths.ts';

/** Checks the unit for missing settings, and for settings under which the agent cannot run. */
export async function checkUnit(checked: Checked): Promise<Finding[]> {
  return [
    ...(await checkPorts(checked)),
    ...(await checkHooks(checked)),
    ...checkChild(checked),
    ...(checked.unit ? await checkSettings(checked) : []),
  ];
}

async function checkSettings({ unit }: Checked): Promise<Finding[]> {
  if (unit === undefined) return [];
  const findings: Finding[] = [];
  if (unit.isOn('MemoryDenyWriteExecute')) {
    findings.push(error('unit', 'MemoryDenyWriteExecute= is on, which makes Node abort', 'MemoryDenyWriteExecute=no'));
  }
  for (const setting of unit.commented) {
    const sentence = `${setting}= has a comment after its value, which systemd reads as part of the value`;
    findings.push(error('unit', sentence, 'put the comment on its own line'));
  }
  const made = madeFolders(unit);
  for (const folder of requiredFolders(unit).filter((one) => !made.includes(one))) {
    if (
      await stat(folder).then(
        () => true,
        () => false,
      )
    )
      continue;
    const sentence = `the unit names ${folder}, which does not exist, so systemd does not start the unit`;
    findings.push(
      error('unit', sentence, `create it with RuntimeDirectory= or LogsDirectory=, or put a hyphen before it`),
    );
  }
  return findings;
}

/** Returns the lowest port that needs no capability (ip(7), ip_unprivileged_port_start). */
async function firstFreePort(): Promise<number> {
  const text = await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').catch(() => '1024');
  return Number(text.trim());
}

async function checkPorts({ configuration: { endpoints = [] }, user }: Checked): Promise<Finding[]> {
  if (user.can('CAP_NET_BIND_SERVICE')) return [];
  const free = await firstFreePort();
  return endpoints.flatMap(({ listen }, at) => {
    const port = typeof listen === 'string' ? Number(listen.slice(listen.lastIndexOf(':') + 1)) : 0;
    if (port === 0 || port >= free) return [];
    const sentence = `endpoints[${at}].listen: port ${port} is below ${free}, and user ${user.name} lacks CAP_NET_BIND_SERVICE`;
    return [error('endpoints', sentence, addCapability('CAP_NET_BIND_SERVICE'))];
  });
}

async function checkHooks({ configuration: { tokens }, user }: Checked): Promise<Finding[]> {
  const findings = tokens.flatMap(({ after_renewal = [] }, token) => {
    const hooks: AfterRenewal[] = Array.isArray(after_renewal) ? after_renewal : [after_renewal];
    return hooks.map(async (hook, at): Promise<Finding[]> => {
      const key = `tokens[${token}].after_renewal${Array.isArray(after_renewal) ? `[${at}]` : ''}`;
      if ('pid_file' in hook) return checkSignal(key, hook.pid_file, user);
      if (!('unit' in hook) || user.uid === 0) return [];
      const verb = 'action' in hook ? hook.action : 'kill';
      const sentence = `${key}: user ${user.name} needs a polkit rule to ${verb} ${hook.unit}`;
      return [warning('unit', sentence, 'see foreign-owners.conf in the agent’s systemd files')];
    });
  });
  return (await Promise.all(findings)).flat();
}

async function checkSignal(key: string, pidFile: string, user: Checked['user']): Promise<Finding[]> {
  if (user.can('CAP_KILL')) return [];
  const pid = /^\s*(\d{1,10})\s*$/.exec(await readFile(pidFile, 'utf8').catch(() => ''))?.[1];
  const owner = pid === undefined ? undefined : (await stat(`/proc/${pid}`).catch(() => undefined))?.uid;
  if (owner === user.uid) return [];
  const sentence =
    owner === undefined
      ? `${key}: without CAP_KILL the agent can signal only processes of user ${user.name}; ${pidFile} names none yet`
      : `${key}: the process in ${pidFile} belongs to user ${owner}, and user ${user.name} lacks CAP_KILL`;
  return [(owner === undefined ? warning : error)('unit', sentence, addCapability('CAP_KILL'))];
}

function checkChild({ configuration: { exec } }: Checked): Finding[] {
  if (typeof exec?.on_renewal !== 'object') return [];
  const sentence =
    'exec.on_renewal: a signal cannot change the child’s environment; the child must read a file or an endpoint';
  return [warning('configuration', sentence)];
}
