import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyNoMount } from './support/mounts.ts';
import {
  type RelayFolder,
  relayFolder,
  runTokenrelay,
  startTokenrelay,
  tokenrelay,
  until,
} from './support/run-tokenrelay.ts';

const IN_TERMINAL = fileURLToPath(new URL('support/in-terminal.py', import.meta.url));

let folder: RelayFolder;
/** The argument of `sleep` in a test's processes, which no other process has. */
let mark: string;
beforeEach(() => {
  folder = relayFolder();
  folder.issue('first-token');
  folder.configure(folder.configuration({ exec: { stop_timeout_seconds: 1 } }));
  mark = `8640.${process.pid}${Math.floor(Math.random() * 1e9)}`;
});
afterEach(() => {
  for (const pid of marked()) process.kill(pid, 'SIGKILL');
  folder.remove();
});

/** Returns the running processes whose command line has the mark, without those of the agent itself. */
function marked(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const words = textOf(`/proc/${pid}/cmdline`).split('\0');
      return words.some((word) => word.includes(mark)) && !words.some((word) => word.endsWith('tokenrelay.cjs'));
    })
    .map(Number);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    // The process has exited.
    return '';
  }
}

interface Running {
  pid: number;
  stdout(): string;
  ended: Promise<unknown>;
  /** Writes a line to the terminal. */
  type?(line: string): void;
}

/** Starts an agent without a terminal. */
function withoutTerminal(...command: string[]): Running {
  const { process, stdout, ended } = startTokenrelay(['exec', '--config', folder.config, '--', ...command]);
  return { pid: process.pid ?? 0, stdout, ended };
}

/** Starts an agent in a terminal. */
async function inTerminal(...command: string[]): Promise<Running> {
  const args = [IN_TERMINAL, process.execPath, tokenrelay, 'exec', '--config', folder.config, '--', ...command];
  const child = spawn('python3', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const pid = await until('the agent', () => /^pid (\d+)/.exec(text)?.[1]);
  return {
    pid: Number(pid),
    stdout: () => text,
    ended: once(child, 'close').then(() => Number(/exit (-?\d+)\s*$/.exec(text)?.[1])),
    type: (line) => void child.stdin.write(`${line}\n`),
  };
}

const starters: Record<string, (...command: string[]) => Running | Promise<Running>> = {
  'without a terminal': withoutTerminal,
  'in a terminal': inTerminal,
};

/** What a shell script may start. `SLEEP` is a process with the mark. The number is how many processes have it. */
const scripts: Record<string, [script: string, processes: number]> = {
  'a program in a shell': ['SLEEP; true', 1],
  'programs in the background': ['SLEEP & SLEEP & wait', 2],
  'a pipeline': ['SLEEP | SLEEP; true', 2],
  'programs of a shell in a shell': ['sh -c "sh -c \\"SLEEP; true\\"; true" & SLEEP & wait', 2],
  'a program that ignores SIGTERM': ["(trap '' TERM; SLEEP) & wait", 1],
  'a shell and a program that ignore SIGTERM': ["trap '' TERM; SLEEP; true", 1],
  'programs that ignore hang-ups and interrupts': ['nohup SLEEP >/dev/null 2>&1 & wait', 1],
  'a stopped program': ['SLEEP & sleep 0.1; kill -STOP $!; wait', 1],
  'programs in groups of their own': ['exec bash -c "set -m; SLEEP & SLEEP & wait"', 2],
  'a program in a session of its own': ['setsid SLEEP & wait', 1],
  'a program that is started when another exits': ["(trap 'SLEEP & exit' TERM; SLEEP & wait) & wait", 1],
};
const scriptOf = (name: string) => `echo started; ${scripts[name]?.[0].replaceAll('SLEEP', `sleep ${mark}`)}`;
const sleeps = () => marked().filter((pid) => textOf(`/proc/${pid}/comm`).trim() === 'sleep');

describe.each(Object.keys(starters))('the processes of tokenrelay exec %s', (where) => {
  const start = async (...command: string[]) => (await starters[where]?.(...command)) as Running;
  const startScript = async (name: string) => {
    const agent = await start('/bin/sh', '-c', scriptOf(name));
    await until('the processes', () => sleeps().length === scripts[name]?.[1]);
    return agent;
  };

  it.each(Object.keys(scripts))('end with SIGTERM: %s', async (name) => {
    const agent = await startScript(name);
    process.kill(agent.pid, 'SIGTERM');
    await agent.ended;
    expect(marked()).toEqual([]);
  });

  it.each([
    'programs in the background',
    'a shell and a program that ignore SIGTERM',
    'programs in groups of their own',
    'a program that is started when another exits',
  ])('end before the child is started again after a renewal: %s', async (name) => {
    const agent = await startScript(name);
    const before = sleeps();
    folder.issue('second-token');
    expect((await runTokenrelay(['refresh', 'my_app', '--socket', folder.socket])).code).toBe(0);
    await until('the new processes', () => {
      const now = sleeps();
      return (
        agent.stdout().match(/started/g)?.length === 2 &&
        now.length === scripts[name]?.[1] &&
        !now.some((pid) => before.includes(pid))
      );
    });
    process.kill(agent.pid, 'SIGTERM');
    await agent.ended;
    expect(marked()).toEqual([]);
  });

  it.each([
    ['a program in the background', 'SLEEP &', 0],
    ['programs in the background that ignore SIGTERM', "(trap '' TERM HUP; SLEEP) & (trap '' TERM HUP; SLEEP) &", 0],
    ['a stopped program', 'SLEEP & sleep 0.1; kill -STOP $!;', 0],
    ['a program whose parent is gone', '(SLEEP &) ; (sh -c "SLEEP; true" &) ;', 0],
  ])('end when the child exits by itself: %s', async (_name, script, code) => {
    const agent = await start('/bin/sh', '-c', `${script.replaceAll('SLEEP', `sleep ${mark}`)} exit ${code + 7}`);
    expect(await agent.ended).toBe(code + 7);
    expect(marked()).toEqual([]);
  });

  it('end also if they start others all the time', async () => {
    const script = `trap '' TERM; while :; do sleep ${mark} & sleep 0.01; done`;
    const agent = await start('/bin/sh', '-c', `sh -c "${script}" & wait`);
    await until('some processes', () => sleeps().length > 5);
    process.kill(agent.pid, 'SIGTERM');
    await agent.ended;
    expect(marked()).toEqual([]);
  });

  it('may leave both the group and the family: a daemon with a session of its own stays', async () => {
    const daemon = `import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.dup2(os.open('/dev/null', os.O_RDWR), 1)
        os.dup2(1, 2)
        os.execvp('sleep', ['sleep', '${mark}'])
    os._exit(0)
os.wait()
time.sleep(0.2)`;
    writeFileSync(join(folder.path, 'daemon.py'), daemon);
    const agent = await start('python3', join(folder.path, 'daemon.py'));
    expect(await agent.ended).toBe(0);
    expect(sleeps()).toHaveLength(1);
  });

  it('do not delay the end by zombies that no process waits for', async () => {
    const script = 'import os, time\nfor _ in range(3):\n    if os.fork() == 0: os._exit(0)\ntime.sleep(0.3)';
    const agent = await start('python3', '-c', script);
    expect(await agent.ended).toBe(0);
  });
});

describe('a child that has exited by itself', () => {
  it('is not started again by a renewal while what it left running is ended', async () => {
    folder.configure(folder.configuration({ exec: { stop_timeout_seconds: 4 } }));
    const agent = withoutTerminal('/bin/sh', '-c', `echo started; (trap '' TERM; sleep ${mark}) & sleep 0.2; exit 9`);
    await until('the end of the child', () => {
      const names = marked().map((pid) => textOf(`/proc/${pid}/comm`).trim());
      return agent.stdout().includes('started') && names.length === 1 && names[0] === 'sleep';
    });
    folder.issue('second-token');
    expect((await runTokenrelay(['refresh', 'my_app', '--socket', folder.socket])).code).toBe(0);
    expect(await agent.ended).toBe(9);
    expect(agent.stdout()).toBe('started\n');
    expect(marked()).toEqual([]);
  });
});

describe('without /proc, as on other systems', () => {
  it('the process group of the child ends', async () => {
    const reason = whyNoMount();
    if (reason !== undefined) return console.log(`not run: ${reason}`);
    const hidden = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs tmpfs /proc && exec "$@"', 'sh'];
    const script = `(trap '' TERM; sleep ${mark}) & sleep ${mark} & echo ready; wait`;
    const args = ['exec', '--config', folder.config, '--', '/bin/sh', '-c', script];
    const agent = startTokenrelay(args, {}, undefined, hidden);
    await until('the child', () => agent.stdout().includes('ready'));
    agent.process.kill('SIGTERM');
    await agent.ended;
    expect(marked()).toEqual([]);
  });
});

describe('a reload signal', () => {
  it('reaches the child alone', async () => {
    const heard = join(folder.path, 'heard');
    const say = (who: string) => `trap 'echo ${who} >> ${heard}' HUP`;
    const idle = `while :; do sleep 0.05; done`;
    writeFileSync(heard, '');
    folder.configure(folder.configuration({ exec: { on_renewal: { signal: 'SIGHUP' } } }));
    const agent = withoutTerminal(
      '/bin/sh',
      '-c',
      `${say('child')}; sh -c "${say('other')}; ${idle}" & echo ready; ${idle}`,
    );
    await until('the child', () => agent.stdout().includes('ready'));
    folder.issue('second-token');
    expect((await runTokenrelay(['refresh', 'my_app', '--socket', folder.socket])).code).toBe(0);
    await until('the signal', () => textOf(heard) !== '');
    process.kill(agent.pid, 'SIGTERM');
    await agent.ended;
    expect(textOf(heard)).toBe('child\n');
  });
});

describe('in a terminal', () => {
  it('Ctrl-C leaves none of the programs that a shell started in the background', async () => {
    const agent = await inTerminal('/bin/sh', '-c', `sleep ${mark} & sleep ${mark} & echo ready; wait`);
    await until('the child', () => agent.stdout().includes('ready'));
    agent.type?.('^C');
    await agent.ended;
    expect(marked()).toEqual([]);
  });

  it('a child can open /dev/tty, and an interactive shell has job control', async () => {
    const agent = await inTerminal('bash', '--norc', '-i');
    await until('the prompt', () => agent.stdout().includes('$ ') || agent.stdout().includes('# '));
    agent.type?.('echo from-tty-$((40+2)) > /dev/tty; sleep 0.01 & fg; echo jobs-$((40+2)); exit 3');
    expect(await agent.ended).toBe(3);
    expect(agent.stdout()).toContain('from-tty-42');
    expect(agent.stdout()).toContain('jobs-42');
    expect(agent.stdout()).not.toMatch(/no job control|cannot set terminal process group/);
  });

  it('other programs of the same pipeline or script are left alone', async () => {
    const run = `"${process.execPath}" "${tokenrelay}" exec --config ${folder.config} -- sh -c 'sleep ${mark} & echo out'`;
    const script = join(folder.path, 'script.sh');
    writeFileSync(
      script,
      `sh -c 'sleep 1.${mark.slice(5)}; echo neighbour-lives' & ${run} | (cat; sleep 0.3; echo reader-lives)\nwait\n`,
    );
    const child = spawn('python3', [IN_TERMINAL, 'sh', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    await once(child, 'close');
    expect(text).toContain('out');
    expect(text).toContain('reader-lives');
    expect(text).toContain('neighbour-lives');
    expect(marked()).toEqual([]);
  });
});
