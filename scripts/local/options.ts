import { parseArgs } from 'node:util';

const USAGE = `npm start [-- --once | -- --detach]

Deploys the Token Vending Machine into an AWS emulator on this machine and shows one token's life.

  (nothing)   stays up until Ctrl-C
  --once      ends after the demonstration and leaves nothing running
  --detach    returns and leaves it running; \`npm stop\` ends it
  --help      this text

Run again while it is up, it deploys what has changed (a policy, the configuration) and shows it again.

  TVM_PORT           the emulator's port on 127.0.0.1 (4566)
  AWS_REGION         the region to deploy to (us-east-1)
  AWS_ENDPOINT_URL   an emulator that is already running, used instead of starting one
`;

/** What to do after the demonstration. */
export type Mode = 'stay' | 'once' | 'detach';

/** @returns what the command line and TVM_PORT ask for; ends the process on --help and on what it does not know */
export function readOptions(): { mode: Mode; port: number; portChosen: boolean } {
  const flags = parseFlags();
  if (flags.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  if (flags.once && flags.detach) reject('--once and --detach exclude each other.');
  const { TVM_PORT } = process.env;
  const port = Number(TVM_PORT || 4566);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) reject('TVM_PORT must be a port, 1 to 65535.');
  return { mode: flags.once ? 'once' : flags.detach ? 'detach' : 'stay', port, portChosen: Boolean(TVM_PORT) };
}

function parseFlags() {
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({ options: { once: flag, detach: flag, help: { ...flag, short: 'h' } } }).values;
  } catch (error) {
    return reject(`${(error as Error).message.split('. ')[0]}; \`npm start -- --help\` says what there is.`);
  }
}

function reject(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}
