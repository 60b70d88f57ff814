#!/usr/bin/env -S node --disable-sigusr1 --max-semi-space-size=1
import './commands/early-signals.ts';
import { writeFailure } from '@tvm/terminal/failure.ts';
import { endWithFailure, endWithReader, requestedFormat } from '@tvm/terminal/program.ts';
import { endBy } from './commands/process-faults.ts';
import { exitCodes, unexpectedFailure } from './failure.ts';
import { createProgram } from './program.ts';

// package.json has the same requirement, but nothing checks it when the bundle is started directly.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 14)) {
  console.error(`tokenrelay: needs Node 22.14 or newer; this is Node ${process.versions.node}`);
  process.exit(exitCodes.fault);
}

endWithReader();
// By default, Node would print the error's message, which may contain a token.
endBy((error) => {
  writeFailure(unexpectedFailure(error), requestedFormat(process.argv), 'tokenrelay');
  process.exit(exitCodes.fault);
});

const program = createProgram();
program.parseAsync().catch((error: unknown) =>
  endWithFailure(error, program, {
    unexpected: unexpectedFailure,
    noCommand: 'name a command, or give --config to run the agent',
  }),
);
