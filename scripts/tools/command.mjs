import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './paths.mjs';

const tied = fileURLToPath(new URL('tied.mjs', import.meta.url));

/**
 * Runs a command with its output on the terminal and waits for its exit. It is killed if this process exits first. It
 * has its own process group, so Ctrl-C on the terminal reaches it only through the exit of this process.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, output?: 'inherit' | number }} [options] `cwd`: by default the
 * project's folder; `output`: by default standard output and error of this process, or an open file
 * @returns {Promise<boolean>} whether it exited with 0
 */
export const run = (command, args, { cwd = root, env = process.env, output = 'inherit' } = {}) => {
  const stdio = /** @type {const} */ (['pipe', output, output]);
  const child = spawn(process.execPath, [tied, command, ...args], { cwd, env, detached: true, stdio: [...stdio] });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code === 0)));
};

/**
 * Runs a command like `run`, with its output in a log file.
 * @param {string} command
 * @param {string[]} args
 * @param {{ log: string, cwd?: string, env?: NodeJS.ProcessEnv, append?: boolean }} options `log`: absolute path
 * @returns {Promise<{ ok: boolean, output: string }>} whether it exited with 0, and the content of the log
 */
export const runLogged = async (command, args, { log, append = false, ...options }) => {
  mkdirSync(path.dirname(log), { recursive: true });
  const file = openSync(log, append ? 'a' : 'w');
  const running = run(command, args, { ...options, output: file });
  closeSync(file);
  const ok = await running;
  return { ok, output: readFileSync(log, 'utf8') };
};
