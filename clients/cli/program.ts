import { usageFailure } from '@tvm/terminal/failure.ts';
import { createCommandLine } from '@tvm/terminal/program.ts';
import type { Command } from 'commander';
import { addAuditCommand } from './audit/audit-command.ts';
import { exitCodeMeanings } from './connection/failure.ts';
import { addExplainCommand } from './issuing/explain-command.ts';
import { addTokenCommand } from './issuing/token-command.ts';
import manifest from './package.json' with { type: 'json' };
import { addPolicyCommand } from './policy/policy-command.ts';
import { addDoneCommand } from './revocation/done-command.ts';
import { addRevokeAnyCommand } from './revocation/revoke-any-command.ts';
import { addRevokeCommand } from './revocation/revoke-command.ts';
import { addUnblockCommand } from './revocation/unblock-command.ts';
import { addTokensCommand } from './tokens/tokens-command.ts';
import { addIntrospectCommand } from './verification/introspect-command.ts';

const AUTHENTICATION = `\
Requests are signed with the AWS identity you already have: credentials are found as the AWS CLI
finds them, in the environment, the profile, SSO, or the role of the container or instance.`;

const EXAMPLES = [
  'export TVM_ENDPOINT=https://a1b2c3.execute-api.eu-central-1.amazonaws.com/v1',
  'TOKEN=$(tvm token --action read --location orders-db/orders --audience orders-db --duration 15m)',
  'echo "$TOKEN" | tvm introspect',
  'echo "$TOKEN" | tvm revoke',
  'tvm tokens list --state active',
  "tvm revoke-any --subject arn:aws:iam::123456789012:role/orders-service --reason 'incident 42'",
  'tvm help token',
];

/**
 * An option that filters or restricts would be as if it were not given, if an empty value were left out: a script's unset
 * variable would widen the command.
 *
 * @throws {Failure} naming the option
 */
function refuseEmptyOptions(command: Command): void {
  for (let own: Command | null = command; own !== null; own = own.parent) {
    for (const option of own.options) {
      if (![own.getOptionValue(option.attributeName())].flat().includes('')) continue;
      throw usageFailure(`${option.long} must not be empty`, option.long);
    }
  }
}

/** The whole command line of `tvm`. Its errors are thrown, not written. */
export function createProgram(): Command {
  const help = { before: AUTHENTICATION, examples: EXAMPLES };
  const program = createCommandLine('tvm', manifest.version, exitCodeMeanings, help)
    .description('Get, inspect and take back the short-lived tokens of a token vending machine.')
    .option('--endpoint <url>', 'the machine’s URL (or TVM_ENDPOINT)')
    .option('--region <region>', 'its AWS region (or as its URL says, AWS_REGION, the profile’s)')
    .option('--profile <name>', 'the AWS profile to sign with (or AWS_PROFILE)')
    .hook('preAction', (_program, command) => refuseEmptyOptions(command));
  addTokenCommand(program);
  addExplainCommand(program);
  addIntrospectCommand(program);
  addRevokeCommand(program);
  addDoneCommand(program);
  addRevokeAnyCommand(program);
  addUnblockCommand(program);
  addTokensCommand(program);
  addPolicyCommand(program);
  addAuditCommand(program);
  return program;
}
