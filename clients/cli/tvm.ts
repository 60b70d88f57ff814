#!/usr/bin/env node
import { CommanderError } from 'commander';
import { exitCodes, Failure, usageFailure } from './failure.ts';
import { type OutputFormat, writeFailure } from './output.ts';
import { createProgram } from './program.ts';

// Whoever read our output has read enough.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

try {
  const program = createProgram();
  if (process.argv.length === 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  const failure = toFailure(error);
  if (failure !== undefined) {
    process.exitCode = failure.details.exitCode;
    writeFailure(failure, askedFormat(process.argv));
  }
}

/** @returns nothing for what is no failure: `--help` and `--version` */
function toFailure(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return undefined;
    // Without a command, commander has written the help.
    if (error.code === 'commander.help') return usageFailure('name a command');
    const sentence = error.message.replace(/^error: /, '').replace(/('--[\w-]+)=[^']*'/, "$1'");
    return usageFailure(`${sentence.replace(/\.$/, '')}; see tvm --help`, /'(--[\w-]+)/.exec(sentence)?.[1]);
  }
  const cause = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
  return new Failure(`unexpected fault (${cause})`, { code: 'internal', exitCode: exitCodes.fault });
}

// Looked up by hand: when the command line is at fault, it has not been parsed.
function askedFormat(argv: string[]): OutputFormat {
  return argv.includes('--output=json') || argv[argv.indexOf('--output') + 1] === 'json' ? 'json' : 'text';
}
