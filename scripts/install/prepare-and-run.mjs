import { spawn } from 'node:child_process';
import { accessSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { Failure } from '../tools/failure.mjs';
import { node24, projectPath, root } from '../tools/paths.mjs';
import { withInstallLock } from './lock.mjs';
import { installNpmDependencies, npmDependenciesMatch } from './npm-dependencies.mjs';
import { emulator, findPython, installVenv, venvMatches } from './python-venv.mjs';

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * Installs what the lockfile and the requirements ask for and is not there yet, runs the script and ends as it
 * ends: same exit code, signals passed on.
 * @param {string[]} argv the script, relative to the project's folder, and its arguments
 */
export const prepareAndRun = async ([script, ...args]) => {
  for (const signal of SIGNALS) process.once(signal, () => process.exit(128 + constants.signals[signal]));
  try {
    if (script === undefined)
      throw new Failure('Say which script to run: node scripts/run.mjs <script.ts> [arguments].');
    await prepare();
    run(path.resolve(root, script), args);
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    process.exit(1);
  }
};

const prepare = async () => {
  if (npmDependenciesMatch() && venvMatches(emulator)) return;
  console.error('The first run installs what is missing: about a minute. Later runs begin at once.');
  await withInstallLock(async () => {
    const tasks = [];
    // Python is looked for before anything is installed: who lacks it learns that at once, not half a minute later.
    if (!venvMatches(emulator)) tasks.push(installVenv(emulator, findPython()));
    if (!npmDependenciesMatch()) tasks.push(installNpmDependencies());
    await Promise.all(tasks);
  });
};

/**
 * npm passes signals on, but it cannot pass on that it was killed.
 * @param {() => void} then
 */
const whenParentEnds = (then) => {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    then();
  }, 500);
};

/** @param {string} script @param {string[]} args */
const run = (script, args) => {
  try {
    accessSync(script);
  } catch {
    throw new Failure(`There is no script ${script}.`);
  }
  const child = spawn(node24, [script, ...args], {
    cwd: root,
    env: { ...process.env, PATH: [...projectPath, process.env.PATH].join(path.delimiter) },
    // The channel carries no messages: its closing tells the script that this process was killed.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal);
    process.on(signal, () => child.kill(signal));
  }
  if (process.env.npm_lifecycle_event !== undefined) whenParentEnds(() => child.kill('SIGTERM'));
  child.once('error', (error) => {
    console.error(`The project's Node could not be started (${error.message}): delete node_modules and try again.`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
};
