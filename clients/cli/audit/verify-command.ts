import type { Command } from 'commander';
import { addAuditOptions } from './options.ts';
import type { VerifyOptions } from './verify.ts';

const EXAMPLES = `
Exits with 0 if everything is as it was archived; with 5 if something was changed, added or is missing,
is late, or could not be judged; with 1, 2 or 3 if the archive or the keys could not be read. Objects
that are newer than the last digest are counted as pending, and are not a fault.

All digests and all names of objects are checked, whatever --from and --to say. These two say which
objects are read, and which must be there.

Needs no network if the archive is a directory and the keys are in a file. Of a copy, ask for no more
than it can hold: --to the last full hour before it was made.

Examples:
  $ tvm audit verify --archive s3://tvm-archive --keys audit-keys.json --from 30d
  $ tvm audit verify --archive s3://tvm-archive --keys audit-keys.json --from 1d --expect-digest-within 70m

  Of a copy, as soon as it is made:
    $ aws s3 sync s3://tvm-archive copy/
    $ tvm audit verify --archive copy/ --keys audit-keys.json --to 1h
`;

/** Adds `tvm audit verify`, which says whether the archive is as it was written. */
export function addAuditVerifyCommand(audit: Command): void {
  addAuditOptions(
    audit
      .command('verify')
      .summary('find what was changed, removed, added or moved')
      .description('Find what was changed, removed, added or moved in the archive.'),
  )
    .option(
      '--expect-digest-within <duration>',
      'the newest digest must end this long ago at most: 70m (without it: 75m)',
    )
    .addHelpText('after', EXAMPLES)
    .action(async (_options, command: Command) => {
      const { verify } = await import('./verify.ts');
      await verify(command.optsWithGlobals<VerifyOptions>());
    });
}
