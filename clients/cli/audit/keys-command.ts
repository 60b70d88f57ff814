import type { Command } from 'commander';
import { type ArchiveOptions, addArchiveOptions } from './options.ts';

const EXAMPLES = `
Writes the public keys that digests are verified with, and the name and SHA-256 of the archive’s first
digest: the only one that may have no previous digest. Run it early, keep the file where nobody who can
change the archive can change it, and give it to the other commands as --keys. What it finds at the
first run, it trusts.

Examples:
  $ tvm audit keys --archive s3://tvm-archive > audit-keys.json

  For a key file from before, which names no first digest:
    $ tvm audit keys --archive s3://tvm-archive --keys old-keys.json > audit-keys.json
`;

/** Adds `tvm audit keys`: the key file that an auditor keeps. */
export function addAuditKeysCommand(audit: Command): void {
  addArchiveOptions(
    audit
      .command('keys')
      .summary('write the key file that an archive is verified with')
      .description('Write the key file that an archive is verified with: public keys, and which digest is the first.'),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (_options, command: Command) => {
      const { writeKeyFile } = await import('./key-file.ts');
      await writeKeyFile(command.optsWithGlobals<ArchiveOptions>());
    });
}
