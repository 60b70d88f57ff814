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
 * Installs what the lockfile and the requirements list and is missing, then runs the script. Passes signals on and
 * exits with the script's exit code.
 * @param {string[]} argv the path of the script, relative to the project's folder, and its arguments
 */
export const prepareAndRun = async ([script, ...args]) => {
  for (const signal of SIGNALS) process.once(signal, () => process.exit(128 + constants.signals[signal]));
  try {
    if (script === undefined)
      throw new Failure('Name the script to run: node scripts/run.mjs <script.ts> [arguments].');
    await prepare();
    run(path.resolve(root, script), args);
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    process.exit(1);
  }
};

const prepare = async () => {
  if (npmDependenciesMatch() && venvMatches(emulator)) return;
  console.error('The first run installs the dependencies, which takes about a minute. Later runs start at once.');
  await withInstallLock(async () => {
    const tasks = [];
    // Look for Python before any installation, so that a user without Python learns it at once.
    if (!venvMatches(emulator)) tasks.push(installVenv(emulator, findPython()));
    if (!npmDependenciesMatch()) tasks.push(installNpmDependencies());
    await Promise.all(tasks);
  });
};

/**
 * Calls back when the parent process exits. npm forwards signals, but not its own death by SIGKILL.
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
    // The channel carries no messages. When it closes, the script knows that this process was killed.
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
