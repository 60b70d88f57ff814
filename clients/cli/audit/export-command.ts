import { type Command, Option } from 'commander';
import { addEventOptions, type EventOptions } from './options.ts';

const EXAMPLES = `
Writes an event a line, as JSON: API Activity (6003), and Detection Finding (2004) for anomalies.
Which events, and the exit codes, are those of tvm audit query. A pending event has the label pending in
its metadata; export it again when a digest vouches for it.

Examples:
  $ tvm audit export --archive s3://tvm-archive --format ocsf --from 1d > events.ocsf.jsonl
`;

/** Adds `tvm audit export`: events for a SIEM. */
export function addAuditExportCommand(audit: Command): void {
  addEventOptions(
    audit
      .command('export')
      .summary('write archived events for a SIEM')
      .description('Write events of the archive in the form that SIEMs take: OCSF 1.3.'),
  )
    .addOption(new Option('--format <format>', 'the form').choices(['ocsf']).default('ocsf'))
    .addHelpText('after', EXAMPLES)
    .action(async (_options, command: Command) => {
      const [{ selectEvents, writeLine }, { toOcsf }] = await Promise.all([
        import('./query.ts'),
        import('@tvm/core/audit/archive/ocsf.ts'),
      ]);
      const { events, check } = await selectEvents(command.optsWithGlobals<EventOptions>());
      for await (const event of events) await writeLine(JSON.stringify(toOcsf(event.record, event.class)));
      check();
    });
}
