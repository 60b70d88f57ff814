/** The parts of a check, in the order in which they are told. */
export const areas = ['configuration', 'outputs', 'secrets', 'certificates', 'commands', 'endpoints', 'unit'] as const;
export type Area = (typeof areas)[number];

/** Something that is wrong, or that may be. No value of a secret or a token is in it. */
export interface Finding {
  /** An error keeps the agent from what the configuration asks for, or hands it to others. */
  level: 'error' | 'warning';
  area: Area;
  /** A sentence that begins with the place in the configuration, or the file. */
  sentence: string;
  /** What to do about it. */
  help?: string | undefined;
  /** Where in the configuration, counted from 1. */
  line?: number;
  column?: number;
}

export function error(area: Area, sentence: string, help?: string): Finding {
  return { level: 'error', area, sentence, help };
}

export function warning(area: Area, sentence: string, help?: string): Finding {
  return { level: 'warning', area, sentence, help };
}
