import { systemClock } from '../model/clock.ts';
import { accessOf } from './access-of.ts';
import { controlProtocol } from './control-protocol.ts';
import { httpServer, usualBounds } from './http-server.ts';
import { type EndpointParts, type RunningEndpoint, running } from './running-endpoint.ts';
import { listenOnSocket } from './unix-socket.ts';

/** Limits with a longer timeout, since a refresh responds only after its fetch has finished or timed out. */
const bounds = { ...usualBounds, silentTime: 120_000 };

/**
 * Opens the Unix socket that the commands use:
 * `GET /v1/tokens/{name}`, `GET /v1/status`, `POST /v1/tokens/{name}/refresh`, `GET /healthz`, `GET /metrics`.
 *
 * @throws {EndpointFailure} if it cannot listen on the socket
 */
export async function startControl(
  settings: { socket: string; permissions?: number | undefined; group?: string | number | undefined },
  { tokens, log, clock = systemClock }: EndpointParts,
): Promise<RunningEndpoint> {
  const { socket } = settings;
  const access = await accessOf(settings, socket);
  const server = httpServer(controlProtocol({ tokens, clock }), log, false, bounds);
  await listenOnSocket(server, socket, access);
  return running(server, socket);
}
