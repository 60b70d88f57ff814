import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './paths.mjs';

const tied = fileURLToPath(new URL('tied.mjs', import.meta.url));

/**
 * Runs a command in the reader's sight and waits for its end. It ends at the latest with this process. Its group is
 * its own, so it does not see the terminal's Ctrl-C, only us ending.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, output?: 'inherit' | number }} [options] `cwd`: the project's
 *   folder when absent; `output`: our own standard output and error, or an open file
 * @returns {Promise<boolean>} whether it exited with 0
 */
export const run = (command, args, { cwd = root, env = process.env, output = 'inherit' } = {}) => {
  const stdio = /** @type {const} */ (['pipe', output, output]);
  const child = spawn(process.execPath, [tied, command, ...args], { cwd, env, detached: true, stdio: [...stdio] });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code === 0)));
};

/**
 * The same with its output going to a log file.
 * @param {string} command
 * @param {string[]} args
 * @param {{ log: string, cwd?: string, env?: NodeJS.ProcessEnv, append?: boolean }} options `log`: absolute path
 * @returns {Promise<{ ok: boolean, output: string }>} whether it exited with 0, and what the log now holds
 */
export const runLogged = async (command, args, { log, append = false, ...options }) => {
  mkdirSync(path.dirname(log), { recursive: true });
  const file = openSync(log, append ? 'a' : 'w');
  const running = run(command, args, { ...options, output: file });
  closeSync(file);
  const ok = await running;
  return { ok, output: readFileSync(log, 'utf8') };
};
