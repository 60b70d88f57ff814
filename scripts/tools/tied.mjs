/**
 * `node tied.mjs <command> [arguments]`, started as the leader of a process group with a pipe as standard input:
 * runs the command, and kills it and all it has started as soon as that pipe closes, which it does when the
 * process at its other end is gone, however that came about. So nothing that takes long outlives who wanted it.
 */
import { spawn } from 'node:child_process';

const [command = '', ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
child.once('error', (error) => {
  console.error(error.message);
  process.exit(127);
});
child.once('exit', (code) => process.exit(code ?? 1));
process.stdin.once('close', () => process.kill(-process.pid, 'SIGKILL')).resume();
