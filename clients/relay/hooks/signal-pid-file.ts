import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { readBounded, Unreadable } from '../files/read-bounded.ts';
import { CommandFailure } from '../process/run-command.ts';

/** The largest process id on Linux: PID_MAX_LIMIT of 64-bit machines, proc(5). */
const LARGEST_PID = 4_194_304;
/** The maximum size of a PID file, in bytes. */
const MOST = 64;

/**
 * Signals the process in a PID file.
 *
 * The owner of the file chooses the process. If the owner is not root or the agent's user, the process must belong to
 * the owner. Between the read and the signal, the process may exit and its id may be reused; Node has no API to avoid
 * that.
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
    throw new CommandFailure(`${file} must contain only the id of another process, greater than 1`);
  }
  if (owner !== 0 && owner !== process.geteuid?.() && (await userOf(pid)) !== owner) {
    throw new CommandFailure(`${file} belongs to user ${owner}, but process ${pid} does not`);
  }
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ESRCH' ? 'does not exist' : `cannot be signalled (${code})`;
    throw new CommandFailure(`process ${pid} of ${file} ${reason}`);
  }
}

function writableReason({ mode }: Stats): string | undefined {
  return (mode & 0o022) === 0 ? undefined : 'is writable by other users, who could make the agent signal any process';
}

async function userOf(pid: number): Promise<number | undefined> {
  return stat(`/proc/${pid}`).then(
    ({ uid }) => uid,
    () => undefined,
  );
}
