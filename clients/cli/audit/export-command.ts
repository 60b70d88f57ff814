import { type Command, Option } from 'commander';
import { addEventOptions, type EventOptions } from './options.ts';

const EXAMPLES = `
Writes one JSON event per line: API Activity (6003), or Detection Finding
(2004) for anomalies. Selects events as tvm audit query does, and has
the same exit codes. A pending event has the label "pending" in its metadata.
Export it again when a digest covers it.

Examples:
  $ tvm audit export --archive s3://tvm-archive --from 1d > events.ocsf.jsonl
`;

/** Adds `tvm audit export`, which writes events for a SIEM. */
export function addAuditExportCommand(audit: Command): void {
  addEventOptions(
    audit
      .command('export')
      .summary('export archived events for a SIEM')
      .description('Export archived events in the SIEM format OCSF 1.3.'),
  )
    .addOption(new Option('--format <format>', 'export format').choices(['ocsf']).default('ocsf'))
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
