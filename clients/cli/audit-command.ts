import type { Command } from 'commander';
import { addAuditExportCommand } from './audit-export-command.ts';
import { addAuditQueryCommand } from './audit-query-command.ts';
import { addAuditVerifyCommand } from './audit-verify-command.ts';

const EXAMPLES = `
They read the archive itself, not by the machine. Of a bucket, the AWS identity needs s3:ListBucket,
s3:GetObject and kms:Decrypt, which the operator’s policy does not give; of a copy in a directory,
none is needed.

Examples:
  $ tvm audit query --archive s3://tvm-archive --token-id 4a81ca62-404f-430e-871f-5710f1bd1ce7
  $ tvm audit verify --archive s3://tvm-archive --from 7d
  $ tvm audit export --archive s3://tvm-archive --from 1h > events.ocsf.jsonl
`;

/** Adds the group `tvm audit`: what happened, and the proof of it. */
export function addAuditCommand(program: Command): void {
  const audit = program
    .command('audit')
    .summary('prove, search and export the archive of audit events')
    .description('Prove, search and export the archive of audit events.')
    .addHelpText('after', EXAMPLES);
  addAuditVerifyCommand(audit);
  addAuditQueryCommand(audit);
  addAuditExportCommand(audit);
}
