import { parseStat } from 'tokenrelay/child/process-table.ts';
import { hasTerminal, reachedChild } from 'tokenrelay/child/terminal.ts';
import { describe, expect, it } from 'vitest';

// proc_pid_stat(5): pid (comm) state ppid pgrp session tty_nr tpgid flags, and up to starttime
const rest = '4194304 1 2 3 4 5 6 7 8 20 0 11 0 987654 1000';
const foreground = `41 (node) S 40 41 40 34816 41 ${rest}`;
const background = `41 (node) S 40 41 40 34816 40 ${rest}`;
const withoutTerminal = `41 (node) S 40 41 41 0 -1 ${rest}`;

describe('whether the terminal has sent a signal to the child', () => {
  it.each(['SIGINT', 'SIGQUIT', 'SIGWINCH', 'SIGHUP'] as const)('has sent %s to its foreground', (signal) => {
    expect(reachedChild(signal, parseStat(foreground))).toBe(true);
  });

  it.each(['SIGTERM', 'SIGUSR2'] as const)('never sends %s', (signal) => {
    expect(reachedChild(signal, parseStat(foreground))).toBe(false);
  });

  it.each([
    ['in the background', background],
    ['without a terminal', withoutTerminal],
    ['if its state is not known', ''],
  ])('has not %s', (_case, stat) => {
    expect(reachedChild('SIGINT', parseStat(stat))).toBe(false);
  });

  it('is not affected by the name of the command', () => {
    expect(reachedChild('SIGINT', parseStat(foreground.replace('node', 'a) S 1 2 3 4 5 (b')))).toBe(true);
    expect(reachedChild('SIGINT', parseStat(withoutTerminal.replace('node', 'a) S 1 7 7 7 7 (b')))).toBe(false);
  });
});

describe('whether this process has a terminal', () => {
  it('is told by its state, also in the background', () => {
    expect([foreground, background, withoutTerminal].map((stat) => hasTerminal(parseStat(stat)))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('the state of a process', () => {
  it('has what identifies the process and its relatives', () => {
    expect(parseStat(foreground.replace('node', ') 1 (2 3\n'))).toEqual({
      ...{ pid: 41, parent: 40, group: 41, session: 40, terminal: 34_816, foreground: 41 },
      ...{ startedAt: '987654', isZombie: false },
    });
    expect(parseStat(foreground.replace(' S ', ' Z '))?.isZombie).toBe(true);
    expect(parseStat('41 (node) S 40')).toBeUndefined();
  });
});
