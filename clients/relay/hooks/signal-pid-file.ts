import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { readBounded, Unreadable } from '../files/read-bounded.ts';
import { CommandFailure } from '../process/run-command.ts';

/** The largest that Linux gives: PID_MAX_LIMIT of 64-bit machines, proc(5). */
const LARGEST_PID = 4_194_304;
/** Bytes. */
const MOST = 64;

/**
 * Signals the process whose number stands in a file.
 *
 * Whoever can write that file chooses whom the agent signals: a user other than root and the agent's can choose among
 * their own processes alone. Between reading and signalling the process may end and another get its number; Linux has no
 * way around that for Node.
 *
 * @throws {CommandFailure}
 */
export async function signalPidFile(file: string, signal: NodeJS.Signals): Promise<void> {
  let owner: number | undefined;
  const text = await readBounded(file, MOST, (stats) => {
    owner = stats.uid;
    return writableReason(stats);
  }).catch((error: unknown) => {
    throw new CommandFailure(`${file} ${error instanceof Unreadable ? error.message : 'cannot be read'}`);
  });
  const pid = /^\d{1,7}$/.test(text.trim()) ? Number(text.trim()) : 0;
  if (pid <= 1 || pid > LARGEST_PID || pid === process.pid) {
    throw new CommandFailure(`${file} must hold the number of another process, greater than 1, and nothing else`);
  }
  if (owner !== 0 && owner !== process.geteuid?.() && (await userOf(pid)) !== owner) {
    throw new CommandFailure(`${file} belongs to user ${owner}, and process ${pid} does not`);
  }
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ESRCH' ? 'is not there' : `cannot be signalled (${code})`;
    throw new CommandFailure(`process ${pid} of ${file} ${reason}`);
  }
}

function writableReason({ mode }: Stats): string | undefined {
  return (mode & 0o022) === 0 ? undefined : 'may be written by other users: they could have any process signalled';
}

async function userOf(pid: number): Promise<number | undefined> {
  return stat(`/proc/${pid}`).then(
    ({ uid }) => uid,
    () => undefined,
  );
}
