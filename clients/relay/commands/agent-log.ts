import { pino } from 'pino';
import type { Log, LogLevel } from '../model/log.ts';

/** A log whose level can be changed while it runs: a new configuration may say another. */
export type AgentLog = Log & { level: string };

/**
 * Writes at once: what an agent says before it dies must not be lost in a buffer.
 *
 * @param fd 1 for standard output, 2 for standard error
 */
export function agentLog(level: LogLevel, fd: 1 | 2 = 1): AgentLog {
  const settings = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(settings, pino.destination({ fd, sync: true }));
}
