import { reachedChild } from 'tokenrelay/child/terminal.ts';
import { describe, expect, it } from 'vitest';

// proc_pid_stat(5): pid (comm) state ppid pgrp session tty_nr tpgid
const foreground = '41 (node) S 40 41 40 34816 41 4194304';
const background = '41 (node) S 40 41 40 34816 40 4194304';
const withoutTerminal = '41 (node) S 40 41 41 0 -1 4194304';

describe('whether the terminal has sent a signal to the child', () => {
  it.each(['SIGINT', 'SIGQUIT', 'SIGWINCH', 'SIGHUP'] as const)('has sent %s to its foreground', (signal) => {
    expect(reachedChild(signal, foreground)).toBe(true);
  });

  it.each(['SIGTERM', 'SIGUSR2'] as const)('never sends %s', (signal) => {
    expect(reachedChild(signal, foreground)).toBe(false);
  });

  it.each([
    ['in the background', background],
    ['without a terminal', withoutTerminal],
    ['without /proc', ''],
  ])('has not %s', (_case, stat) => {
    expect(reachedChild('SIGINT', stat)).toBe(false);
  });

  it('is not affected by the name of the command', () => {
    expect(reachedChild('SIGINT', foreground.replace('node', 'a) S 1 2 3 4 5 (b'))).toBe(true);
    expect(reachedChild('SIGINT', withoutTerminal.replace('node', 'a) S 1 7 7 7 7 (b'))).toBe(false);
  });
});
