import type { Command } from 'commander';
import type { ControlClient } from './control-client.ts';
import { socketsOfClients, trustedSockets } from './control-socket.ts';
import type { GlobalOptions } from './global-options.ts';

/** The options of commands that connect to the running agent. */
export interface ControlOptions extends GlobalOptions {
  socket?: string;
}

/** A paragraph of the help about the control socket. */
export const FINDING = `
The command connects to the control socket of the running agent: the one in
--socket or in the configuration of --config, or else control.sock in
/run/tokenrelay, $RUNTIME_DIRECTORY or $XDG_RUNTIME_DIR/tokenrelay. The last
two directories are used only if no other user can write to them.
`;

/** Adds `--socket`. */
export function addControlOptions(command: Command): Command {
  return command.option('--socket <path>', 'control socket of the agent');
}

/** Returns a client for the running agent. @throws {Failure} if the configuration is invalid */
export async function clientFor({ socket, config }: ControlOptions): Promise<ControlClient> {
  // Imported only here, so that the start of the agent does not wait for it.
  const { controlClient } = await import('./control-client.ts');
  if (socket !== undefined) return controlClient([socket]);
  if (config !== undefined) {
    const { readForCommand } = await import('./read-relay-configuration.ts');
    const { control } = (await readForCommand(config, process.env)).configuration;
    if (control !== undefined) return controlClient([control.socket]);
  }
  return controlClient(await trustedSockets(socketsOfClients(process.env)));
}
