#!/usr/bin/env -S node --disable-sigusr1 --max-semi-space-size=1
import type { OutputFormat } from '@tvm/cli/output.ts';
import { CommanderError } from 'commander';
import { endBy } from './commands/process-faults.ts';
import { exitCodes, Failure, unexpectedFailure, usageFailure, writeFailure } from './failure.ts';
import { createProgram } from './program.ts';

// package.json says so too, but nobody reads it where the bundle is started by hand.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 14)) {
  console.error(`tokenrelay: Node 22.14 or newer is needed, and this is Node ${process.versions.node}`);
  process.exit(exitCodes.fault);
}

// Whoever read our output has read enough.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

// Node would print its message, in which a token may be.
endBy((error) => {
  writeFailure(unexpectedFailure(error), askedFormat(process.argv));
  process.exit(exitCodes.fault);
});

const program = createProgram();
program.parseAsync().catch((error: unknown) => {
  const failure = toFailure(error);
  if (failure === undefined) return;
  process.exitCode = failure.details.exitCode;
  writeFailure(failure, askedFormat(process.argv));
});

/** @returns nothing for what is no failure: `--help` and `--version` */
function toFailure(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return undefined;
    // Without a command, commander has written the help.
    if (error.code === 'commander.help') return usageFailure('name a command, or give --config to run the agent');
    const sentence = error.message.replace(/^error: /, '').replace(/('--[\w-]+)=[^']*'/, "$1'");
    return usageFailure(
      `${sentence.replace(/\.$/, '')}; see ${askedCommand()} --help`,
      /'(--[\w-]+)/.exec(sentence)?.[1],
    );
  }
  return unexpectedFailure(error);
}

// The help of a command tells its own options.
function askedCommand(): string {
  const name = program.commands.map((command) => command.name()).find((one) => process.argv[2] === one);
  return name === undefined ? 'tokenrelay' : `tokenrelay ${name}`;
}

// Looked up by hand: when the command line is at fault, it has not been parsed. What follows -- is another program's.
function askedFormat(argv: string[]): OutputFormat {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  return own.includes('--output=json') || own[own.indexOf('--output') + 1] === 'json' ? 'json' : 'text';
}
