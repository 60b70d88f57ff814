import { resolve } from 'node:path';
import { writeJson } from '@tvm/terminal/output.ts';
import { type Command, Option } from 'commander';
import { defaultConfiguration, type GlobalOptions } from './global-options.ts';

const EXAMPLES = `
The file gets the mode 0640 and the group of its directory. An existing file is
replaced only with --force.

Examples:
  $ sudo tokenrelay init
  $ tokenrelay init --file config.yaml
  $ tokenrelay init --file - | less
`;

interface InitOptions extends GlobalOptions {
  file?: string;
  force?: true;
}

/** Adds `tokenrelay init`, which writes a first configuration with comments. */
export function addInitCommand(program: Command): void {
  program
    .command('init')
    .summary('write a first configuration')
    .description('Write a first configuration, with comments on what to fill in.')
    .addOption(
      new Option('--file <file>', 'output file; - for standard output').default(undefined, 'the file of --config'),
    )
    .option('--force', 'replace an existing file')
    .addHelpText('after', EXAMPLES)
    .action(async (_options: object, command: Command) => {
      const { config, file = config ?? defaultConfiguration, force, output } = command.optsWithGlobals<InitOptions>();
      const { firstConfiguration } = await import('../config/first-configuration.ts');
      if (file === '-') {
        process.stdout.write(firstConfiguration);
        return;
      }
      const { writeFirstConfiguration } = await import('./write-first-configuration.ts');
      const path = resolve(file);
      await writeFirstConfiguration(path, firstConfiguration, force === true);
      if (output === 'json') writeJson({ file: path });
      else process.stdout.write(`Written: ${path}\nFill it in, and then run: tokenrelay check --config ${path}\n`);
    });
}
