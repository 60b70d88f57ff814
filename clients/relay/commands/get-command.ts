import { type Command, Option } from 'commander';
import { addControlOptions, type ControlOptions, FINDING } from './control-options.ts';
import { type GetFormat, getFormats } from './get-format.ts';

const EXAMPLES = `${FINDING}
The format raw prints only a bearer token; json prints all values and
expiration_timestamp; env prints NAME=value lines; credential-process prints
the format that the AWS CLI and SDKs expect from a credential_process.

Examples:
  Use a bearer token:
    $ curl -H "Authorization: Bearer $(tokenrelay get my_app_oauth_token)" \\
        https://api.example.com/

  Export the user name and password of a database to this shell:
    $ eval "$(tokenrelay get vault_db_creds --format env | sed 's/^/export /')"

  Configure the AWS CLI, in ~/.aws/config:
    [profile relay]
    credential_process = tokenrelay get deploy_keys --format credential-process
`;

/** Adds `tokenrelay get`, which prints a token. */
export function addGetCommand(program: Command): void {
  addControlOptions(program.command('get'))
    .summary('print a token')
    .description('Print a token of the running agent, if the token is usable now.')
    .argument('<name>', 'name of the token in the configuration')
    .addOption(new Option('--format <format>', 'format of the token').choices(getFormats).default(undefined, 'raw'))
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, _options, command: Command) => {
      const { get } = await import('./get.ts');
      return get(name, command.optsWithGlobals<ControlOptions & { format?: GetFormat }>());
    });
}
