import type { Command } from 'commander';
import type { ControlClient } from './control-client.ts';
import { socketsOfClients, trustedSockets } from './control-socket.ts';
import type { GlobalOptions } from './global-options.ts';

/** Options of the commands that talk to the running agent. */
export interface ControlOptions extends GlobalOptions {
  socket?: string;
}

/** Help text: how a command finds the running agent. */
export const FINDING = `
The command talks to the running agent through its control socket: the path given by --socket, else by
control.socket in the file given by --config, else control.sock in /run/tokenrelay, $RUNTIME_DIRECTORY or
$XDG_RUNTIME_DIR/tokenrelay. The last two folders are used only if no other user may write in them.
`;

/** Adds `--socket`. */
export function addControlOptions(command: Command): Command {
  return command.option('--socket <path>', 'the agent’s control socket');
}

/** Creates the client of the running agent. @throws {Failure} if the configuration is invalid */
export async function clientFor({ socket, config }: ControlOptions): Promise<ControlClient> {
  // Imported here so that it does not delay the start of an agent.
  const { controlClient } = await import('./control-client.ts');
  if (socket !== undefined) return controlClient([socket]);
  if (config !== undefined) {
    const { readForCommand } = await import('./read-relay-configuration.ts');
    const { control } = (await readForCommand(config, process.env)).configuration;
    if (control !== undefined) return controlClient([control.socket]);
  }
  return controlClient(await trustedSockets(socketsOfClients(process.env)));
}
