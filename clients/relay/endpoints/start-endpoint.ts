import { systemClock } from '../model/clock.ts';
import type { EndpointSettings } from '../settings/endpoints.ts';
import { type AccessSettings, accessOf } from './access-of.ts';
import { awsContainerProtocol } from './aws-container-protocol.ts';
import { azureIdentityProtocol } from './azure-identity-protocol.ts';
import type { Protocol } from './exchange.ts';
import { gcpMetadataProtocol } from './gcp-metadata-protocol.ts';
import { httpServer } from './http-server.ts';
import { listenOnLoopback } from './loopback.ts';
import { monitoringProtocol } from './monitoring-protocol.ts';
import { type EndpointParts, type RunningEndpoint, running } from './running-endpoint.ts';
import { writeSecretFile } from './secret-file.ts';
import { tokensProtocol } from './tokens-protocol.ts';
import { tokensTcpProtocol } from './tokens-tcp-protocol.ts';
import { listenOnSocket } from './unix-socket.ts';

export { EndpointFailure } from './endpoint-failure.ts';
export type { EndpointParts, RunningEndpoint } from './running-endpoint.ts';

/** Opens an endpoint. @throws {EndpointFailure} if it cannot listen, or cannot write its secret file */
export async function startEndpoint(settings: EndpointSettings, parts: EndpointParts): Promise<RunningEndpoint> {
  const lookup = { tokens: parts.tokens, clock: parts.clock ?? systemClock };
  switch (settings.protocol) {
    case 'tokens': {
      const { unix } = settings.listen;
      const access = await accessOf(settings.listen, unix);
      const server = httpServer(tokensProtocol(lookup, settings.tokens), parts.log, false);
      await listenOnSocket(server, unix, access);
      return running(server, unix);
    }
    case 'tokens-tcp':
      return await startWithSecret(settings.listen, settings.bearer_file, parts, (secret) =>
        tokensTcpProtocol(lookup, settings.tokens, secret),
      );
    case 'aws-container-credentials':
      return await startWithSecret(settings.listen, settings.authorization_file, parts, (secret) =>
        awsContainerProtocol(lookup, settings.tokens, secret),
      );
    case 'azure-managed-identity':
      return await startWithSecret(settings.listen, settings.header_file, parts, (secret) =>
        azureIdentityProtocol(lookup, settings, secret),
      );
    case 'gcp-metadata':
      return await startOnLoopback(settings.listen, parts, gcpMetadataProtocol(lookup, settings));
    case 'monitoring':
      return await startOnLoopback(settings.listen, parts, monitoringProtocol(parts.tokens));
  }
}

async function startWithSecret(
  listen: string,
  file: AccessSettings & { path: string },
  parts: EndpointParts,
  protocolOf: (secret: string) => Protocol,
): Promise<RunningEndpoint> {
  const { secret, remove } = await writeSecretFile(file);
  try {
    return await startOnLoopback(listen, parts, protocolOf(secret), remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

async function startOnLoopback(
  listen: string,
  { log }: EndpointParts,
  protocol: Protocol,
  removeFiles?: () => Promise<void>,
): Promise<RunningEndpoint> {
  const server = httpServer(protocol, log, true);
  return running(server, await listenOnLoopback(server, listen), removeFiles);
}
