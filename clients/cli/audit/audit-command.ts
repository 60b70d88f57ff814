import type { Command } from 'commander';
import { addAuditExportCommand } from './export-command.ts';
import { addAuditKeysCommand } from './keys-command.ts';
import { addAuditQueryCommand } from './query-command.ts';
import { addAuditVerifyCommand } from './verify-command.ts';

const EXAMPLES = `
These commands read the archive directly, not through the service. To read a
bucket, your AWS identity needs s3:ListBucket, s3:GetObject and kms:Decrypt,
which the IAM policy for operators does not include. A copy in a directory
needs no AWS identity.

An object of the archive is either covered by a signed digest, or pending until
the next digest. Any other object was added later or is late, and its events
are not shown. Pending events are marked.

Examples:
  $ tvm audit keys --archive s3://tvm-archive > audit-keys.json
  $ tvm audit verify --archive s3://tvm-archive --keys audit-keys.json --from 7d
  $ tvm audit query --archive s3://tvm-archive --type 'Token Denied' --from 1h
  $ tvm audit export --archive s3://tvm-archive --from 1h > events.ocsf.jsonl
`;

/** Adds the command group `tvm audit`, which verifies, searches and exports the archive. */
export function addAuditCommand(program: Command): void {
  const audit = program
    .command('audit')
    .summary('verify, search and export the archive of audit events')
    .description('Verify, search and export the archive of audit events.')
    .addHelpText('after', EXAMPLES);
  addAuditKeysCommand(audit);
  addAuditVerifyCommand(audit);
  addAuditQueryCommand(audit);
  addAuditExportCommand(audit);
}
