/** The areas of a check, in the order of the report. */
export const areas = ['configuration', 'outputs', 'secrets', 'certificates', 'commands', 'endpoints', 'unit'] as const;
export type Area = (typeof areas)[number];

/** A problem that a check found. Contains no value of a secret or a token. */
export interface Finding {
  /** An error keeps the agent from working as configured, or exposes a secret or token to other users. */
  level: 'error' | 'warning';
  area: Area;
  /** A sentence that begins with the path in the configuration, or with the file. */
  sentence: string;
  /** How to resolve the problem. */
  help?: string | undefined;
  /** The position in the configuration file, counted from 1. */
  line?: number;
  column?: number;
}

export function error(area: Area, sentence: string, help?: string): Finding {
  return { level: 'error', area, sentence, help };
}

export function warning(area: Area, sentence: string, help?: string): Finding {
  return { level: 'warning', area, sentence, help };
}
