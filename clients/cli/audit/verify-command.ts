import { type Command, Option } from 'commander';
import { addAuditOptions } from './options.ts';
import type { VerifyOptions } from './verify.ts';

const EXAMPLES = `
Exits with 0 if the archive is intact; with 5 if objects were changed or added,
are missing or late, or could not be verified; with 1, 2 or 3 if the archive or
the keys could not be read. Objects that are newer than the last digest are
counted as pending, and are not findings.

All digests and all object names are checked. --from and --to only limit the
objects that are read and must exist.

Needs no network if the archive is a directory and the keys are in a file. For
a copy, set --to to the last full hour before the copy was made.

Examples:
  $ tvm audit verify --archive s3://tvm-archive --keys audit-keys.json
  $ tvm audit verify --archive s3://tvm-archive --keys audit-keys.json \\
      --from 1d --expect-digest-within 70m

  Verify a copy that was just made:
    $ aws s3 sync s3://tvm-archive copy/
    $ tvm audit verify --archive copy/ --keys audit-keys.json --to 1h
`;

/** Adds `tvm audit verify`, which reports whether the archive is intact. */
export function addAuditVerifyCommand(audit: Command): void {
  addAuditOptions(
    audit
      .command('verify')
      .summary('find changed, missing, added and moved objects')
      .description('Find objects of the archive that were changed, removed, added or moved.'),
  )
    .addOption(
      new Option('--expect-digest-within <duration>', 'maximum age of the newest digest').default(undefined, '75m'),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (_options, command: Command) => {
      const { verify } = await import('./verify.ts');
      await verify(command.optsWithGlobals<VerifyOptions>());
    });
}
