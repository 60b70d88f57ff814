import * as z from 'zod';
import { type HttpAnswer, httpClient, jsonObject } from '../http/client.ts';
import { SourceFailure, type SourceKind } from '../model/source.ts';
import { bearerToken } from './bearer-token.ts';
import { statedMoment } from './expiry.ts';
import { metadataFields, metadataUrl } from './metadata/metadata-server.ts';

const ENDPOINT = 'http://169.254.169.254';
const SERVER = 'Azure’s metadata service';

/** Delay before a retry, in milliseconds. During an update, the service responds with 410 for up to 70 seconds. */
const UPDATING = 10_000;

const settings = z
  .strictObject({
    resource: z.string().min(1).max(1_024).meta({
      description: 'The App ID URI of the resource that the token is for, such as https://vault.azure.net.',
    }),
    client_id: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'The client id of the identity, if the machine has several.' }),
    object_id: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'The object id of the identity, instead of `client_id`.' }),
    msi_res_id: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'The Azure resource id of the identity, instead of `client_id`.' }),
    ...metadataFields,
  })
  .refine((given) => [given.client_id, given.object_id, given.msi_res_id].filter(Boolean).length <= 1, {
    path: ['client_id'],
    error: 'must be the only one of client_id, object_id and msi_res_id',
  });

/**
 * Tokens of a virtual machine’s managed identity, from Azure’s instance metadata service. The other endpoints of App
 * Service, Functions and Arc are not supported.
 *
 * @see https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
 */
export const azureManagedIdentity: SourceKind<'azure_managed_identity', typeof settings> = {
  type: 'azure_managed_identity',
  settings,
  values: ['token'],
  create({ endpoint = ENDPOINT, timeout_seconds, ...identity }, { clock }) {
    const client = httpClient({ timeout_seconds }, 'metadata');
    const query = { 'api-version': '2018-02-01', ...identity };
    const url = metadataUrl(endpoint, '/metadata/identity/oauth2/token', query);
    return {
      async fetch(_previous, signal) {
        const fetchedAt = clock.now();
        const answer = await client.send({ method: 'GET', url, headers: { metadata: 'true' } }, signal);
        return { ...tokenIn(answer), fetchedAt };
      },
      async close() {
        client.close();
      },
    };
  },
};

function tokenIn(answer: HttpAnswer): { values: { token: string }; expiresAt: number } {
  if (answer.status === 410 && answer.headers['retry-after'] === undefined) {
    throw new SourceFailure(`${SERVER} responded with status 410: it is being updated`, { retryAfter: UPDATING });
  }
  // The service caches tokens, so a token may be older than the request. `expires_in` is therefore not used.
  const { access_token, expires_on } = jsonObject(answer, SERVER);
  const token = bearerToken(access_token, SERVER, 'access_token');
  return { values: { token }, expiresAt: statedMoment(expires_on, 'expires_on', SERVER) };
}
