import type { Command } from 'commander';
import { addAuditExportCommand } from './export-command.ts';
import { addAuditKeysCommand } from './keys-command.ts';
import { addAuditQueryCommand } from './query-command.ts';
import { addAuditVerifyCommand } from './verify-command.ts';

const EXAMPLES = `
They read the archive itself, not through the service. To read a bucket, the AWS identity needs
s3:ListBucket, s3:GetObject and kms:Decrypt, which the operator’s policy does not give. A copy in a
directory needs no identity.

Each object of the archive is vouched for by a signed digest, pending until the next digest, or
neither: then it was added or is late. Only events of the first two are shown, and pending ones are
marked.

Examples:
  $ tvm audit keys --archive s3://tvm-archive > audit-keys.json
  $ tvm audit verify --archive s3://tvm-archive --keys audit-keys.json --from 7d
  $ tvm audit query --archive s3://tvm-archive --token-id 4a81ca62-404f-430e-871f-5710f1bd1ce7
  $ tvm audit export --archive s3://tvm-archive --from 1h > events.ocsf.jsonl
`;

/** Adds the group `tvm audit`, which proves, searches and exports the archive. */
export function addAuditCommand(program: Command): void {
  const audit = program
    .command('audit')
    .summary('prove, search and export the archive of audit events')
    .description('Prove, search and export the archive of audit events.')
    .addHelpText('after', EXAMPLES);
  addAuditKeysCommand(audit);
  addAuditVerifyCommand(audit);
  addAuditQueryCommand(audit);
  addAuditExportCommand(audit);
}
