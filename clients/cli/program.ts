import { usageFailure } from '@tvm/terminal/failure.ts';
import { createCommandLine } from '@tvm/terminal/program.ts';
import { type Command, Option } from 'commander';
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
import { addTrustCommand } from './trust/trust-command.ts';
import { addIntrospectCommand } from './verification/introspect-command.ts';

const AUTHENTICATION = `\
Requests are signed with your AWS credentials. They are found where the AWS CLI
finds them: in the environment, the profile, SSO, or the role of the container
or instance.`;

const EXAMPLES = [
  'export TVM_ENDPOINT=https://a1b2c3.execute-api.eu-central-1.amazonaws.com/v1',
  'TOKEN=$(tvm token --grant read:orders-db/orders --audience orders-db)',
  'echo "$TOKEN" | tvm introspect',
  'echo "$TOKEN" | tvm revoke',
  'tvm tokens list --state active',
  'tvm revoke-any --subject arn:aws:iam::123456789012:role/orders-service',
  'tvm policy check policies/ k8s/',
  'tvm help token',
];

/**
 * Rejects options with an empty value. If an empty filter were ignored, an unset variable in a script would widen the
 * command.
 *
 * @throws {Failure} if an option is empty; the message names it
 */
function refuseEmptyOptions(command: Command): void {
  for (let own: Command | null = command; own !== null; own = own.parent) {
    for (const option of own.options) {
      if (![own.getOptionValue(option.attributeName())].flat().includes('')) continue;
      throw usageFailure(`${option.long} must not be empty`, option.long);
    }
  }
}

/** Returns the command line of `tvm`. It throws errors and does not write them. */
export function createProgram(): Command {
  const help = { before: AUTHENTICATION, examples: EXAMPLES };
  const program = createCommandLine('tvm', manifest.version, exitCodeMeanings, help)
    .description('Request, introspect and revoke short-lived tokens of a Token Vending Machine (TVM).')
    .addOption(new Option('--endpoint <url>', 'URL of the service').default(undefined, '$TVM_ENDPOINT'))
    .addOption(
      new Option('--region <region>', 'AWS region of the service').default(
        undefined,
        'from the URL, $AWS_REGION or the profile',
      ),
    )
    .addOption(new Option('--profile <name>', 'AWS profile to sign with').default(undefined, '$AWS_PROFILE'))
    .hook('preAction', (_program, command) => refuseEmptyOptions(command));
  program.commandsGroup('For callers:');
  addTokenCommand(program);
  addExplainCommand(program);
  addDoneCommand(program);
  addRevokeCommand(program);
  program.commandsGroup('For resource servers:');
  addIntrospectCommand(program);
  program.commandsGroup('For operators:');
  addTokensCommand(program);
  addRevokeAnyCommand(program);
  addUnblockCommand(program);
  addAuditCommand(program);
  addTrustCommand(program);
  program.commandsGroup('For CI:');
  addPolicyCommand(program);
  return program;
}
