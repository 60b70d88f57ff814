import { type Command, Option } from 'commander';
import { addControlOptions, type ControlOptions, FINDING } from './control-options.ts';
import { type GetFormat, getFormats } from './get-format.ts';

const EXAMPLES = `${FINDING}
Formats: raw prints a bearer token alone; json prints every value and expiration_timestamp; env prints
NAME=value lines; credential-process prints what the AWS CLI and SDKs read from a credential_process.

Examples:
  Use a bearer token:
    $ curl -H "Authorization: Bearer $(tokenrelay get my_app_oauth_token)" https://api.example.com/

  Set variables of this shell to a database's user name and password:
    $ eval "$(tokenrelay get vault_db_creds --format env | sed 's/^/export /')"

  Let the AWS CLI get its credentials here, in ~/.aws/config:
    [profile relay]
    credential_process = /usr/bin/tokenrelay get deploy_keys --format credential-process
`;

/** Adds `tokenrelay get`, which prints a token. */
export function addGetCommand(program: Command): void {
  addControlOptions(program.command('get'))
    .summary('print a token')
    .description('Print a token of the running agent. Fails if the token has expired or was revoked.')
    .argument('<name>', 'the token’s name in the configuration')
    .addOption(new Option('--format <format>', 'how to print it (default: raw)').choices(getFormats))
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, _options, command: Command) => {
      const { get } = await import('./get.ts');
      return get(name, command.optsWithGlobals<ControlOptions & { format?: GetFormat }>());
    });
}
