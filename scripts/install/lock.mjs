import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { localDir } from '../tools/paths.mjs';

const lockFile = path.join(localDir, 'install.lock');

/**
 * Allows one installation at a time. Without the lock, `npm start` and `npm test` started together in a fresh clone
 * would delete each other's incomplete folders. A lock of a process that no longer exists is ignored.
 * @param {() => Promise<void>} install
 */
export const withInstallLock = async (install) => {
  mkdirSync(localDir, { recursive: true });
  for (let waiting = false; !taken(); waiting = true) {
    const owner = lockOwner();
    if (owner === undefined || !alive(owner)) {
      rmSync(lockFile, { force: true });
      continue;
    }
    if (!waiting) console.error(`Waiting for another installation to finish (process ${owner}) …`);
    await sleep(500);
  }
  const release = () => rmSync(lockFile, { force: true });
  process.once('exit', release);
  await install();
  process.removeListener('exit', release);
  release();
};

const taken = () => {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
};

const lockOwner = () => {
  try {
    return Number(readFileSync(lockFile, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
};

/** @param {number} pid */
const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
};
