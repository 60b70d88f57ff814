#!/usr/bin/env node
import { Failure } from '@tvm/terminal/failure.ts';
import { bareGroup, endWithFailure, endWithReader } from '@tvm/terminal/program.ts';
import { exitCodes } from './connection/failure.ts';
import { createProgram } from './program.ts';

endWithReader();
const program = createProgram();
try {
  const group = bareGroup(program, process.argv.slice(2));
  if (group !== undefined) group.outputHelp();
  else await program.parseAsync();
} catch (error) {
  endWithFailure(error, program, { unexpected: unexpectedFailure, noCommand: 'name a command' });
}

function unexpectedFailure(error: unknown): Failure {
  const cause = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
  return new Failure(`unexpected error (${cause})`, { code: 'internal', exitCode: exitCodes.fault });
}
