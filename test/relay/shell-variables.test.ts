import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { render } from 'tokenrelay/outputs/render.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// A file of format env, read by real shells, with every name that a shell may give a meaning.

const SHELLS = ['bash', 'bash --posix', 'dash', 'ksh93', 'mksh', 'zsh -f', 'busybox sh', 'yash'];

/** Variables with a meaning in shells that may not be installed: from their manuals. */
const DOCUMENTED = [
  'HISTCMD LINENO OPTARG OPTERR OPTIND PPID RANDOM SECONDS SHLVL SRANDOM UID EUID GID EGID USERNAME GROUPS DIRSTACK',
  'FUNCNAME PIPESTATUS BASHPID BASHOPTS SHELLOPTS EPOCHSECONDS EPOCHREALTIME COPROC MAPFILE READLINE_LINE COMP_CWORD',
  'IFS PATH ENV BASH_ENV PS0 PS1 PS2 PS3 PS4 PROMPT PROMPT_COMMAND CDPATH FPATH MANPATH MAILPATH MODULE_PATH PSVAR',
  'KSHUID KSHGID KSHEGID USER_ID PGRP TMOUT JOBMAX COLUMNS LINES HISTSIZE SAVEHIST HISTCHARS KEYTIMEOUT LISTMAX TTYIDLE',
  'ERRNO ARGC TRY_BLOCK_ERROR ZSH_SUBSHELL ZLE_RPROMPT_INDENT WATCH LD_PRELOAD NODE_OPTIONS REPLY _',
].flatMap((line) => line.split(' '));

/** Runs a command if bash evaluates it as the index of an array in arithmetic. */
const HOSTILE = 'x[$(touch evaluated)]';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'relay-shells-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Returns the path of a program, or undefined if it is not installed. */
function pathOf(program: string): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
  return status === 0 ? realpathSync(stdout.trim()) : undefined;
}

/** Returns the names in a shell's program, among them those of all its variables, and the names of the manuals. */
function namesIn(program: string): string[] {
  const names = readFileSync(program, 'latin1').matchAll(/[A-Za-z_][A-Za-z0-9_]{0,30}(?=[\0=])/g);
  return [...new Set([...DOCUMENTED, ...[...names].map(([name]) => name.toUpperCase())])];
}

/** Returns what a file of format env contains for a value of this name, or undefined if it refuses the name. */
function lineFor(name: string, value: string): string | undefined {
  try {
    return render({ file_path: '/run/x', format: 'env' }, 'x', { values: { [name]: value, y: '' }, fetchedAt: 0 });
  } catch {
    return undefined;
  }
}

describe.each(SHELLS)('a file in the format env, read by %s,', (shell) => {
  const [command = '', ...options] = shell.split(' ');
  const program = pathOf(command);

  it.each([HOSTILE, 'plain', '077', ''])('assigns %j to each of its variables, and does nothing else', (value) => {
    if (program === undefined) {
      console.log(`not run: there is no ${command} here`);
      return;
    }
    const lines = namesIn(program).flatMap((name) => lineFor(name, value)?.split('\n')[0] ?? []);
    const names = lines.map((line) => line.slice(0, line.indexOf('=')));
    expect(names.length).toBeGreaterThan(100);
    const file = join(folder, 'variables.env');
    writeFileSync(file, `${lines.join('\n')}\nLAST_OF_ALL=1\n`);
    const script = join(folder, 'script');
    const prints = [...names, 'LAST_OF_ALL'].map((name) => `printf '%s\\n' "${name}=$${name}"`);
    writeFileSync(script, `. ./variables.env\n${prints.join('\n')}\n`);
    const read = execFileSync(command, [...options, script], {
      encoding: 'utf8',
      cwd: folder,
      env: { PATH: process.env.PATH },
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(read.split('\n').slice(0, -1)).toEqual([...names.map((name) => `${name}=${value}`), 'LAST_OF_ALL=1']);
    expect(existsSync(join(folder, 'evaluated'))).toBe(false);
  });
});

describe('a variable that a file in the format env refuses', () => {
  it('would run a command of its value in bash: RANDOM', () => {
    const script = `RANDOM='${HOSTILE}'`;
    spawnSync('bash', ['-c', script], { cwd: folder });
    if (pathOf('bash') === undefined) console.log('not run: there is no bash here');
    else expect(existsSync(join(folder, 'evaluated'))).toBe(true);
    rmSync(join(folder, 'evaluated'), { force: true });
  });

  it.each(DOCUMENTED)('is %s', (name) => {
    expect(lineFor(name.toLowerCase(), 'x')).toBeUndefined();
  });
});
