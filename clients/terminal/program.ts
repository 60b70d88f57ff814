import { styleText } from 'node:util';
import { type Argument, Command, CommanderError, Help, Option } from 'commander';
import { Failure, usageFailure, writeFailure } from './failure.ts';
import type { OutputFormat } from './output.ts';

/**
 * Returns a program with `--help`, `--version` and `--output`, but without commands. It throws errors and does not write
 * them.
 *
 * @param exitCodes the meaning of each exit code, for the help
 * @param help other parts of the help: a text before the exit codes, a line after them, and examples
 */
export function createCommandLine(
  name: string,
  version: string,
  exitCodes: Readonly<Record<number, string>>,
  help: { before: string; exitCodes?: string; examples: readonly string[] },
): Command {
  const layout = new Help();
  const codes = Object.entries(exitCodes).map(([code, meaning]) => layout.formatItem(code, 1, meaning, layout));
  const helpCommand = new Command('help')
    .argument('[command]')
    .summary('show the help of a command')
    .helpOption(false)
    .helpGroup('Help:');
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
    .version(version, '--version', 'version of this program')
    .helpOption('-h, --help', 'help for this command')
    .addHelpCommand(helpCommand)
    .addOption(new Option('--output <format>', 'output format').choices(['text', 'json']).default('text'))
    .configureHelp({
      showGlobalOptions: true,
      optionDescription: describeOption,
      argumentDescription: describeOption,
      styleTitle: (title) => styleText('bold', title, { validateStream: false }),
    })
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .addHelpText('after', after.join('\n'));
}

/** Returns a description with the choices and the default. Unlike commander, also shows a default without a fixed value. */
function describeOption({ description, argChoices, ...option }: Option | Argument): string {
  const { defaultValue, defaultValueDescription = typeof defaultValue === 'boolean' ? undefined : defaultValue } =
    option;
  const facts = [
    ...(argChoices === undefined ? [] : [argChoices.join(', ')]),
    ...(defaultValueDescription === undefined ? [] : [`default: ${defaultValueDescription}`]),
  ];
  return facts.length === 0 ? description : `${description} (${facts.join('; ')})`;
}

/**
 * Finds the command group that a command line names without a subcommand, such as `tvm` or `tvm tokens`.
 *
 * @param args the arguments of the command line
 */
export function bareGroup(program: Command, args: readonly string[]): Command | undefined {
  const named = args.reduce<Command | undefined>(
    (command, name) => command?.commands.find((one) => one.name() === name),
    program,
  );
  return named !== undefined && named.commands.length > 0 ? named : undefined;
}

/**
 * Ends the process without a message when the reader of its output, such as `head`, has stopped reading. Throws every
 * other error of standard output and standard error.
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
 * Writes an error that a command line threw to standard error, and sets the exit code.
 *
 * @param unexpected converts an unexpected error into a failure
 * @param noCommand the message if the command line names no command
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

  /** @returns `undefined` for `--help` and `--version`: commander throws for them too */
  function toFailure(): Failure | undefined {
    if (error instanceof Failure) return error;
    if (!(error instanceof CommanderError)) return unexpected(error);
    if (error.exitCode === 0) return undefined;
    // If no command is given, commander has already written the help.
    if (error.code === 'commander.help') return usageFailure(noCommand);
    const sentence = error.message.replace(/^error: /, '').replace(/('--[\w-]+)=[^']*'/, "$1'");
    const option = /'(--[\w-]+)/.exec(sentence)?.[1];
    return usageFailure(`${sentence.replace(/\.$/, '')}; see ${requestedCommand(program)} --help`, option);
  }
}

/** The command whose help lists the valid options. */
function requestedCommand(program: Command): string {
  const name = program.commands.map((command) => command.name()).find((one) => process.argv[2] === one);
  return name === undefined ? program.name() : `${program.name()} ${name}`;
}

/**
 * Returns the output format of a command line without parsing the command line, which may be invalid. Arguments after
 * `--` belong to another program.
 */
export function requestedFormat(argv: readonly string[]): OutputFormat {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  return own.includes('--output=json') || own[own.indexOf('--output') + 1] === 'json' ? 'json' : 'text';
}
