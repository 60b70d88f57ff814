import type { Command } from 'commander';
import { addEventOptions, type EventOptions } from './options.ts';

const EXAMPLES = `
Shows events that a signed digest vouches for, and pending ones, which are newer than the last digest and
are marked. Other objects were added to the archive, changed, or are late: their events are not shown,
standard error names them, and the exit code is 5. What is missing, only tvm audit verify says.

With --output json, an event a line, with its class: vouched or pending.

Examples:
  $ tvm audit query --archive s3://tvm-archive --token-id 4a81ca62-404f-430e-871f-5710f1bd1ce7
  $ tvm audit query --archive copy/ --keys audit-keys.json --type 'Token Denied' --from 1d
`;

/** Adds `tvm audit query`, which lists archived events. */
export function addAuditQueryCommand(audit: Command): void {
  addEventOptions(
    audit.command('query').summary('list archived events').description('List events of the archive, by their time.'),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (_options, command: Command) => {
      const { query } = await import('./query.ts');
      await query(command.optsWithGlobals<EventOptions>());
    });
}
