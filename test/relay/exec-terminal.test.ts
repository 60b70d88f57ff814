import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { relayFolder, tokenrelay } from './support/run-tokenrelay.ts';

/** Runs a command in its own terminal, presses Ctrl-C after the output `ready`, and prints the output. */
const TERMINAL = `
import os, pty, sys
process, terminal = pty.fork()
if process == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
text, pressed = b'', False
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    text += part
    if not pressed and b'ready' in text:
        pressed = True
        os.write(terminal, b'\\x03')
_, status = os.waitpid(process, 0)
print(os.waitstatus_to_exitcode(status))
print(text.decode())
`;

/** Counts its interrupts. Waits after the first one, so that a second one would be counted. */
const CHILD = `
import signal, sys, time
count = 0
def interrupted(*_):
    global count
    count += 1
signal.signal(signal.SIGINT, interrupted)
print('ready', flush=True)
while count == 0:
    time.sleep(0.05)
time.sleep(0.5)
print('interrupts', count, flush=True)
sys.exit(4)
`;

it('Ctrl-C in a terminal reaches the child once, and the agent exits like the child', async () => {
  const folder = relayFolder();
  try {
    folder.issue('a-token');
    folder.configure(folder.configuration());
    const args = [process.execPath, tokenrelay, 'exec', '--config', folder.config, '--', 'python3', '-c', CHILD];
    const { stdout } = await promisify(execFile)('python3', ['-c', TERMINAL, ...args]);
    expect(stdout).toMatch(/^4\n/);
    expect(stdout).toMatch(/interrupts 1\b/);
  } finally {
    folder.remove();
  }
});
