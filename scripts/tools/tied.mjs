/**
 * `node tied.mjs <command> [arguments]` runs a command and kills it, and all processes it has started, as soon as the
 * standard input closes. Start it as the leader of a process group with a pipe as standard input: the pipe closes when
 * the process at its other end exits for any reason. So no long-running command outlives its starter.
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
