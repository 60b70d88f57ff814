import { type Command, Option } from 'commander';
import { addControlOptions, type ControlOptions, FINDING } from './control-options.ts';
import { type GetFormat, getFormats } from './get-format.ts';

const EXAMPLES = `${FINDING}
Formats: raw is a bearer token alone; json has every value and expiration_timestamp; env is NAME=value lines;
credential-process is what the AWS CLI and SDKs read from a credential_process.

Examples:
  Use a bearer token:
    $ curl -H "Authorization: Bearer $(tokenrelay get my_app_oauth_token)" https://api.example.com/

  Put a database's user name and password into variables of this shell:
    $ eval "$(tokenrelay get vault_db_creds --format env | sed 's/^/export /')"

  Let the AWS CLI ask, in ~/.aws/config:
    [profile relay]
    credential_process = /usr/bin/tokenrelay get deploy_keys --format credential-process
`;

/** Adds `tokenrelay get`: prints a token. */
export function addGetCommand(program: Command): void {
  addControlOptions(program.command('get'))
    .summary('print a token')
    .description('Print a token of the running agent, if it may be used now.')
    .argument('<name>', 'the token’s name in the configuration')
    .addOption(new Option('--format <format>', 'how to print it (default: raw)').choices(getFormats))
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, _options, command: Command) => {
      const { get } = await import('./get.ts');
      return get(name, command.optsWithGlobals<ControlOptions & { format?: GetFormat }>());
    });
}
