import type { Command } from 'commander';
import { type ArchiveOptions, addArchiveOptions } from './options.ts';

const EXAMPLES = `
Writes the public keys that verify digests, and the name and SHA-256 of the
first digest: only that digest may have no predecessor. The first run trusts
what it finds, so run the command soon after deployment. Store the file where
nobody who can change the archive can change the file, and pass it to the other
commands with --keys.

Examples:
  $ tvm audit keys --archive s3://tvm-archive > audit-keys.json

  Add the first digest to an older key file:
    $ tvm audit keys --archive s3://tvm-archive --keys old-keys.json \\
        > audit-keys.json
`;

/** Adds `tvm audit keys`, which writes the key file for verification. */
export function addAuditKeysCommand(audit: Command): void {
  addArchiveOptions(
    audit
      .command('keys')
      .summary('write the key file for verification')
      .description('Write the key file for verification: the public keys and the first digest.'),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (_options, command: Command) => {
      const { writeKeyFile } = await import('./key-file.ts');
      await writeKeyFile(command.optsWithGlobals<ArchiveOptions>());
    });
}
