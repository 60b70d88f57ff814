import { styleText } from 'node:util';
import { Command, CommanderError, Option } from 'commander';
import { Failure, usageFailure, writeFailure } from './failure.ts';
import type { OutputFormat } from './output.ts';

/**
 * A command line without its commands: `--help`, `--version` and `--output`. Its errors are thrown, not written.
 *
 * @param exitCodes what each exit code means, for the help
 * @param help what else the help says: a text before the exit codes, further lines on them, and the examples
 */
export function createCommandLine(
  name: string,
  version: string,
  exitCodes: Readonly<Record<number, string>>,
  help: { before: string; exitCodes?: string; examples: readonly string[] },
): Command {
  const codes = Object.entries(exitCodes).map(([code, meaning]) => `  ${code}  ${meaning}`);
  const after = [
    '',
    help.before,
    '',
    'Exit codes:',
    ...codes,
    ...(help.exitCodes === undefined ? [] : [`  ${help.exitCodes}`]),
    '',
    'Examples:',
    ...help.examples.map((example) => `  $ ${example}`),
    '',
  ];
  return new Command(name)
    .usage('<command> [options]')
    .version(version, '--version', 'the version of this program')
    .helpOption('-h, --help', 'this text, or that of a command')
    .helpCommand('help [command]', 'the help of a command')
    .addOption(new Option('--output <format>', 'how to write').choices(['text', 'json']).default('text'))
    .configureHelp({
      showGlobalOptions: true,
      styleTitle: (title) => styleText('bold', title, { validateStream: false }),
    })
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .addHelpText('after', after.join('\n'));
}

/**
 * Ends the process without a message when the program that reads its output has stopped reading, as `head` does.
 * Any other error of a stream is thrown.
 */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit();
      throw error;
    });
  }
}

/**
 * Sets the exit code by what a command line threw, and writes it to standard error.
 *
 * @param unexpected makes a failure of an error that nothing foresaw
 * @param noCommand the sentence where no command was given
 */
export function endWithFailure(
  error: unknown,
  program: Command,
  { unexpected, noCommand }: { unexpected: (error: unknown) => Failure; noCommand: string },
): void {
  const failure = toFailure();
  if (failure === undefined) return;
  process.exitCode = failure.details.exitCode;
  writeFailure(failure, requestedFormat(process.argv), program.name());

  /** @returns nothing for `--help` and `--version`, which commander also throws */
  function toFailure(): Failure | undefined {
    if (error instanceof Failure) return error;
    if (!(error instanceof CommanderError)) return unexpected(error);
    if (error.exitCode === 0) return undefined;
    // Without a command, commander has written the help.
    if (error.code === 'commander.help') return usageFailure(noCommand);
    const sentence = error.message.replace(/^error: /, '').replace(/('--[\w-]+)=[^']*'/, "$1'");
    const option = /'(--[\w-]+)/.exec(sentence)?.[1];
    return usageFailure(`${sentence.replace(/\.$/, '')}; see ${requestedCommand(program)} --help`, option);
  }
}

/** The command whose help lists the options at fault. */
function requestedCommand(program: Command): string {
  const name = program.commands.map((command) => command.name()).find((one) => process.argv[2] === one);
  return name === undefined ? program.name() : `${program.name()} ${name}`;
}

/**
 * The format that the command line asks for, read without parsing it: it may be the one at fault. What follows `--` is
 * another program's.
 */
export function requestedFormat(argv: readonly string[]): OutputFormat {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  return own.includes('--output=json') || own[own.indexOf('--output') + 1] === 'json' ? 'json' : 'text';
}
