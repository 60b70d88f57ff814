import { resolve } from 'node:path';
import { writeJson } from '@tvm/terminal/output.ts';
import type { Command } from 'commander';
import { defaultConfiguration, type GlobalOptions } from './global-options.ts';

const EXAMPLES = `
It is written with the mode 0640 and the group of its folder. A file that is there stays unless --force is given.

Examples:
  $ sudo tokenrelay init
  $ tokenrelay init --file config.yaml
  $ tokenrelay init --file - | less
`;

interface InitOptions extends GlobalOptions {
  file?: string;
  force?: true;
}

/** Adds `tokenrelay init`: a first configuration, with comments. */
export function addInitCommand(program: Command): void {
  program
    .command('init')
    .summary('write a first configuration')
    .description('Write a first configuration, with comments on what to fill in.')
    .option('--file <file>', `where to; - prints it (default: --config, or else ${defaultConfiguration})`)
    .option('--force', 'replace a file that is there')
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
      else process.stdout.write(`Written: ${path}\nFill it in, and then: tokenrelay check --config ${path}\n`);
    });
}
