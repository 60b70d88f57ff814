import type { Command } from 'commander';
import { addEventOptions, type EventOptions } from './options.ts';

const EXAMPLES = `
Shows the events that a signed digest covers, and marks pending events, which
are newer than the last digest. Objects that were changed, were added later or
are late are named on standard error, and their events are not shown; the exit
code is then 5. Only tvm audit verify finds missing objects.

With --output json, writes one event per line, with its class: vouched or
pending.

Examples:
  $ tvm audit query --archive s3://tvm-archive \\
      --token-id 4a81ca62-404f-430e-871f-5710f1bd1ce7
  $ tvm audit query --archive copy/ --keys audit-keys.json \\
      --type 'Token Denied' --from 1d
`;

/** Adds `tvm audit query`, which lists archived events. */
export function addAuditQueryCommand(audit: Command): void {
  addEventOptions(
    audit
      .command('query')
      .summary('list archived events')
      .description('List archived events in the order of their times.'),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (_options, command: Command) => {
      const { query } = await import('./query.ts');
      await query(command.optsWithGlobals<EventOptions>());
    });
}
