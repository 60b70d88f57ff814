import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { localDir, root } from '../tools/paths.mjs';

// Plain JavaScript, because `npm stop` reads it too and must work with nothing installed.

/**
 * The record of the emulator that `npm start` started.
 * @typedef {object} Run
 * @property {number} emulator its process ID, which is also its process group's ID
 * @property {number | null} owner process ID of the `npm start` that the emulator stops with; null if detached
 * @property {number} port
 * @property {string} endpoint as in `http://127.0.0.1:4566`
 * @property {boolean} ready whether the stack was deployed into it
 */

const file = path.join(localDir, 'run.json');
const scripts = path.join(root, 'scripts');

/** The files with the credentials and endpoints of each identity. A shell can source them. */
export const envFiles = {
  workload: path.join(localDir, 'env'),
  ciJob: path.join(localDir, 'ci-job.env'),
  operator: path.join(localDir, 'operator.env'),
  resourceServer: path.join(localDir, 'resource-server.env'),
};

/** @param {Run} run */
export const writeRun = (run) => {
  mkdirSync(localDir, { recursive: true });
  writeFileSync(file, `${JSON.stringify(run, null, 2)}\n`);
};

/** @returns {Run | undefined} the recorded run, which may have exited without removing its record */
export const readRun = () => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
};

/** Removes the record and the environment files, which are useless once the emulator has stopped. */
export const forgetRun = () => {
  for (const name of [file, ...Object.values(envFiles)]) rmSync(name, { force: true });
};

/** @param {Run} run @returns {boolean} whether the process with that ID is still this project's emulator */
export const emulatorLives = (run) =>
  commandLine(run.emulator).includes(path.join(scripts, 'emulators', 'emulator.py'));

/** @param {Run} run @returns {boolean} whether the `npm start` that the emulator stops with is still running */
export const ownerLives = (run) =>
  run.owner !== null && commandLine(run.owner).includes(path.join(scripts, 'local', 'start.ts'));

/**
 * Kills the emulator and the Lambda functions it runs. Its state is only in memory, so nothing is lost without a clean
 * shutdown.
 * @param {number} emulator its process ID
 */
export const killEmulator = (emulator) => {
  try {
    process.kill(-emulator, 'SIGKILL');
  } catch {
    // It has already exited.
  }
};

/**
 * Stops what is left of a run and waits for its end: first its `npm start` if there is one, then the emulator.
 * @param {Run} run
 */
export const endRun = async (run) => {
  if (ownerLives(run)) process.kill(/** @type {number} */ (run.owner), 'SIGTERM');
  for (let waited = 0; ownerLives(run) && waited < 10_000; waited += 50) await sleep(50);
  if (emulatorLives(run)) killEmulator(run.emulator);
  for (let waited = 0; emulatorLives(run) && waited < 5_000; waited += 50) await sleep(50);
  forgetRun();
};

/** @param {number} pid @returns {string} the process's command line; empty if there is no such process */
const commandLine = (pid) => {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' });
  } catch {
    return '';
  }
};
