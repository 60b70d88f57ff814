import { pino } from 'pino';
import type { Log, LogLevel } from '../model/log.ts';

/** A log whose level can change while the agent runs, since a reloaded configuration may set another level. */
export type AgentLog = Log & { level: string };

/**
 * Creates a log that writes synchronously, so that the last messages before a crash are not lost in a buffer.
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
