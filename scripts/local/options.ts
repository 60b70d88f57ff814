import { parseArgs } from 'node:util';

const USAGE = `npm start [-- --once | -- --detach]

Deploys the Token Vending Machine into an AWS emulator on this computer and shows the life of a token.

  (nothing)   keep running until Ctrl-C
  --once      exit after the demonstration and stop the emulator
  --detach    exit and leave the emulator running; \`npm stop\` stops it
  --help      print this help

If TVM is already running, deploys the changes (a policy, the configuration) and repeats the demonstration.

  TVM_PORT           the emulator's port on 127.0.0.1 (default: 4566)
  AWS_REGION         the region to deploy to (default: us-east-1)
  AWS_ENDPOINT_URL   the URL of a running emulator to use instead of starting one
`;

/** What to do after the demonstration. */
export type Mode = 'stay' | 'once' | 'detach';

/** @returns the options from the command line and TVM_PORT. Exits on --help and on an unknown option. */
export function readOptions(): { mode: Mode; port: number; portChosen: boolean } {
  const flags = parseFlags();
  if (flags.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  if (flags.once && flags.detach) reject('--once and --detach cannot be used together.');
  const { TVM_PORT } = process.env;
  const port = Number(TVM_PORT || 4566);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) reject('TVM_PORT must be a port number from 1 to 65535.');
  return { mode: flags.once ? 'once' : flags.detach ? 'detach' : 'stay', port, portChosen: Boolean(TVM_PORT) };
}

function parseFlags() {
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({ options: { once: flag, detach: flag, help: { ...flag, short: 'h' } } }).values;
  } catch (error) {
    return reject(`${(error as Error).message.split('. ')[0]}; run \`npm start -- --help\` for the options.`);
  }
}

function reject(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}
