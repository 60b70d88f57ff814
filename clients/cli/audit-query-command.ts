import type { Command } from 'commander';
import { addEventOptions, type EventOptions } from './audit-options.ts';

const EXAMPLES = `
With --output json, an event a line. Nothing is verified: tvm audit verify does that.

Examples:
  $ tvm audit query --archive s3://tvm-archive --token-id 4a81ca62-404f-430e-871f-5710f1bd1ce7
  $ tvm audit query --archive copy/ --type 'Token Denied' --resource 'orders-db/*' --from 2026-11-22
`;

/** Adds `tvm audit query`: what happened? */
export function addAuditQueryCommand(audit: Command): void {
  addEventOptions(
    audit.command('query').summary('list archived events').description('List events of the archive, by their time.'),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (_options, command: Command) => {
      const { query } = await import('./audit-query.ts');
      await query(command.optsWithGlobals<EventOptions>());
    });
}
