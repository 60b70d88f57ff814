import { allProcesses, hasInEnvironment, type ProcessEntry, readProcess } from './process-table.ts';

/** How the processes that a child starts are recognized, besides as its descendants. */
export type Tie =
  /** The child leads its own session and process group. */
  | { kind: 'session' }
  /** The child shares the session of this process. A text in its environment marks what it starts. */
  | { kind: 'environment'; text: string };

/** The processes that a child has started, and the child itself while it runs. */
export interface StartedProcesses {
  /** Looks for processes and remembers them, because they lose their parent when the child exits. */
  remember(): void;
  /**
   * Returns what still runs, as arguments for kill(2): process ids, and the negative id of the child's own group.
   * Processes that this user may not signal are left out.
   */
  targets(): number[];
  /** Sends a signal to everything that still runs. */
  signal(signal: NodeJS.Signals, targets?: readonly number[]): void;
  /** The processes that this user may not signal. */
  readonly forbidden: ReadonlySet<number>;
}

/**
 * Follows what a child starts: on Linux its session or mark, and all descendants in /proc; elsewhere only its group. A
 * process that has left the session and whose parent has exited is not found, unless it was remembered.
 *
 * @param pid the child, which has not been waited for yet
 */
export function startedProcesses(pid: number, tie: Tie): StartedProcesses {
  const leader = readProcess(pid);
  /** The start times of the known processes, by pid. A pid with another start time belongs to another process. */
  const known = new Map<number, string>(leader && [[pid, leader.startedAt]]);
  const forbidden = new Set<number>();

  function running(): ProcessEntry[] | undefined {
    const all = allProcesses();
    if (all === undefined) return undefined;
    const isTied = tieOf(all);
    const children = Map.groupBy(all, (one) => one.parent);
    const found = new Set<number>();
    let next = all.filter((one) => known.get(one.pid) === one.startedAt || isTied(one));
    while (next.length > 0) {
      for (const one of next) found.add(one.pid);
      next = next.flatMap((one) => children.get(one.pid) ?? []).filter((one) => !found.has(one.pid));
    }
    found.delete(process.pid);
    const members = all.filter((one) => found.has(one.pid));
    for (const one of members) known.set(one.pid, one.startedAt);
    return members.filter((one) => !one.isZombie && !forbidden.has(one.pid));
  }

  function tieOf(all: readonly ProcessEntry[]): (one: ProcessEntry) => boolean {
    if (tie.kind === 'session') {
      // The kernel does not reuse the id of a session or group that has members, so this process is in another session.
      const isReused = all.some((one) => one.pid === pid && one.startedAt !== leader?.startedAt);
      return (one) => !isReused && (one.session === pid || one.group === pid);
    }
    const session = readProcess('self')?.session;
    return (one) => one.session === session && one.pid !== process.pid && hasInEnvironment(one.pid, tie.text);
  }

  function targets(): number[] {
    const group = tie.kind === 'session' ? -pid : undefined;
    const all = running();
    if (all === undefined) return group !== undefined && send(group, 0) === 'sent' ? [group] : [];
    const inGroup = all.some((one) => one.group === pid) && group !== undefined;
    return [...(inGroup ? [group] : []), ...all.filter((one) => !inGroup || one.group !== pid).map((one) => one.pid)];
  }

  return {
    forbidden,
    remember: () => void running(),
    targets,
    signal(signal, to = targets()) {
      for (const target of to) {
        if (send(target, signal) !== 'forbidden') continue;
        // kill(2) fails for a group only if this user may signal none of its members.
        const members =
          target > 0 ? [target] : (running() ?? []).filter((one) => one.group === pid).map((one) => one.pid);
        for (const member of members) forbidden.add(member);
      }
    },
  };
}

function send(target: number, signal: NodeJS.Signals | 0): 'sent' | 'gone' | 'forbidden' {
  try {
    process.kill(target, signal);
    return 'sent';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'forbidden' : 'gone';
  }
}
