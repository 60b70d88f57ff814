import { Failure } from '@tvm/terminal/failure.ts';
import { CommanderError } from 'commander';
import { exitCodeMeanings } from 'tokenrelay/failure.ts';
import { createProgram } from 'tokenrelay/program.ts';
import { describe, expect, it } from 'vitest';

/** Runs the command line in this process, and captures its output. */
async function run(...args: string[]) {
  const program = createProgram();
  let written = '';
  for (const command of [program, ...program.commands]) {
    command.configureOutput({
      writeOut: (text) => {
        written += text;
      },
      writeErr: (text) => {
        written += text;
      },
    });
  }
  const error = await program.parseAsync(args, { from: 'user' }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, written };
}

const commands = ['run', 'exec', 'get', 'wait', 'refresh', 'status', 'check', 'init'];

describe('the command line of tokenrelay', () => {
  it('lists every command and exit code in its help, with examples', async () => {
    const { written } = await run('--help');
    for (const command of commands) expect(written).toContain(`\n  ${command} `);
    const unwrapped = written.replace(/\s+/g, ' ');
    for (const [code, meaning] of Object.entries(exitCodeMeanings)) expect(unwrapped).toContain(` ${code} ${meaning} `);
    expect(written).toContain('\nExamples:\n');
  });

  it.each(commands)('%s --help has examples and the common options', async (command) => {
    const { written } = await run(command, '--help');
    expect(written).toMatch(/--config <file>.*Examples:.*tokenrelay /s);
  });

  it.each(commands)('help %s prints the same text', async (command) => {
    expect((await run('help', command)).written).toBe((await run(command, '--help')).written);
  });

  it('prints its version', async () => {
    const { error, written } = await run('--version');
    expect(written).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(error).toMatchObject({ exitCode: 0 });
  });

  it('starts nothing without a command and without --config', async () => {
    const { error, written } = await run();
    expect(error).toBeInstanceOf(CommanderError);
    expect(error).toMatchObject({ code: 'commander.help', exitCode: 1 });
    expect(written).toContain('Usage: tokenrelay');
  });

  it('refuses an unknown command instead of running the agent', async () => {
    const { error } = await run('--config', '/nonexistent', 'statsu');
    expect(error).toBeInstanceOf(Failure);
    expect(error).toMatchObject({ message: expect.stringContaining("no command 'statsu'"), details: { exitCode: 2 } });
  });

  it.each([
    ['run', '--twice'],
    ['get'],
    ['get', 'a', '--format', 'xml'],
    ['wait', 'a', '--timeout', '0'],
    ['wait', 'a', '--timeout', 'soon'],
    ['wait', 'a', '--timeout', '86401'],
    ['exec', '--on-renewal', 'SIGKILL', '--', 'a'],
    ['status', '--output', 'xml'],
  ])('refuses %s %s', async (...args) => {
    const { error } = await run(...args);
    expect(error).toBeInstanceOf(CommanderError);
    expect((error as CommanderError).exitCode).toBe(1);
  });
});
