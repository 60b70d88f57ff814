import { readdirSync, readFileSync } from 'node:fs';

/** A process in /proc. */
export interface ProcessEntry {
  pid: number;
  parent: number;
  group: number;
  session: number;
  /** The device number of its controlling terminal; 0 without one. */
  terminal: number;
  /** The foreground group of that terminal. */
  foreground: number;
  /** When it started, in clock ticks since boot. With the pid, it identifies a process although pids are reused. */
  startedAt: string;
  /** Whether it is a zombie: it has exited, and its parent has not read its exit status yet. */
  isZombie: boolean;
}

/** Parses `/proc/PID/stat`. @returns undefined if the text is not complete @see proc_pid_stat(5) */
export function parseStat(text: string): ProcessEntry | undefined {
  // The command's name is in parentheses and may contain any character, including a parenthesis.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, session, terminal, foreground] = fields;
  const startedAt = fields[19];
  if (startedAt === undefined) return undefined;
  return {
    pid: Number.parseInt(text, 10),
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    terminal: Number(terminal),
    foreground: Number(foreground),
    startedAt,
    isZombie: state === 'Z' || state === 'X',
  };
}

/** Returns a process. @returns undefined if it does not exist, or without /proc */
export function readProcess(pid: number | 'self'): ProcessEntry | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Returns all processes that this process can see. Reads synchronously, so that little time passes until they are
 * signalled.
 *
 * @returns undefined without /proc, such as on macOS
 */
export function allProcesses(): ProcessEntry[] | undefined {
  if (readProcess('self') === undefined) return undefined;
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readProcess(Number(name)) ?? []) : []));
}

/** Reports whether a process was started with a text in its environment. */
export function hasInEnvironment(pid: number, text: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(text);
  } catch {
    return false;
  }
}
