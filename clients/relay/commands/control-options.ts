import type { Command } from 'commander';
import type { ControlClient } from './control-client.ts';
import { socketsOfClients, trustedSockets } from './control-socket.ts';
import type { GlobalOptions } from './global-options.ts';

/** Options of the commands that ask the running agent. */
export interface ControlOptions extends GlobalOptions {
  socket?: string;
}

/** How the commands that ask the running agent find it, for their help. */
export const FINDING = `
It asks the running agent through its control socket: that of --socket, of the configuration that --config
names, else control.sock in /run/tokenrelay, $RUNTIME_DIRECTORY or $XDG_RUNTIME_DIR/tokenrelay, of which the
last two count only where no other user may write.
`;

/** Adds `--socket`. */
export function addControlOptions(command: Command): Command {
  return command.option('--socket <path>', 'the control socket of the agent');
}

/** The way to the running agent. @throws {Failure} for a faulty configuration */
export async function clientFor({ socket, config }: ControlOptions): Promise<ControlClient> {
  // Not before: an agent that starts does not wait for it.
  const { controlClient } = await import('./control-client.ts');
  if (socket !== undefined) return controlClient([socket]);
  if (config !== undefined) {
    const { readForCommand } = await import('./read-relay-configuration.ts');
    const { control } = (await readForCommand(config, process.env)).configuration;
    if (control !== undefined) return controlClient([control.socket]);
  }
  return controlClient(await trustedSockets(socketsOfClients(process.env)));
}
