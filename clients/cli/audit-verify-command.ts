import type { Command } from 'commander';
import { type AuditOptions, addAuditOptions } from './audit-options.ts';

const EXAMPLES = `
Exits with 0 when everything is as it was archived, with 5 when something is not or is missing, with
1, 2 or 3 when it could not be looked at. What is newer than the last digest is told, and no fault.
Needs no network where the archive is a directory and the keys are in a file. Ask of a copy no more
than it can hold: --to the last full hour before it was made.

Examples:
  $ tvm audit verify --archive s3://tvm-archive --from 2026-11-01 --to 2026-12-01
  $ aws s3 sync s3://tvm-archive copy/
  $ tvm audit verify --archive copy/ --keys audit-keys.json --to 2026-11-22T15:00:00Z
`;

interface VerifyOptions extends AuditOptions {
  keys?: string;
}

/** Adds `tvm audit verify`: is the archive what it was? */
export function addAuditVerifyCommand(audit: Command): void {
  addAuditOptions(
    audit
      .command('verify')
      .summary('find what was changed, removed, added or put out of place')
      .description('Find what was changed, removed, added or put out of place in the archive.'),
  )
    .option('--keys <place>', 'the public keys: a file or a URL (without it: as the machine publishes them)')
    .addHelpText('after', EXAMPLES)
    .action(async (_options, command: Command) => {
      const { verify } = await import('./audit-verify.ts');
      await verify(command.optsWithGlobals<VerifyOptions>());
    });
}
