import * as z from 'zod';
import { type HttpAnswer, httpClient, jsonObject } from '../http/client.ts';
import { SourceFailure, type SourceKind } from '../model/source.ts';
import { metadataFields, metadataUrl } from './metadata/metadata-server.ts';

const SERVER = 'http://169.254.169.254';

/** While the service is updated it answers 410, for 70 seconds at most. In milliseconds. */
const UPDATING = 10_000;

const settings = z
  .strictObject({
    resource: z.string().min(1).max(1_024).meta({
      description: 'The App ID URI of what the token is for, such as https://vault.azure.net.',
    }),
    client_id: z.string().min(1).optional().meta({ description: 'Of the identity, where the machine has several.' }),
    object_id: z.string().min(1).optional().meta({ description: 'The same, by the identity’s object id.' }),
    msi_res_id: z.string().min(1).optional().meta({ description: 'The same, by its resource id in Azure.' }),
    ...metadataFields,
  })
  .refine((given) => [given.client_id, given.object_id, given.msi_res_id].filter(Boolean).length <= 1, {
    path: ['client_id'],
    error: 'must be the only one of client_id, object_id and msi_res_id',
  });

const digits = z.union([
  z
    .string()
    .regex(/^\d{1,12}$/)
    .transform(Number),
  z.int().nonnegative(),
]);
const answered = z.object({
  access_token: z.string().min(1),
  // When it was issued is not when it was asked for: the service keeps tokens. So `expires_in` is not looked at.
  expires_on: digits,
});

/**
 * Tokens of a virtual machine’s managed identity, from Azure’s instance metadata service. App Service, Functions and Arc
 * have other endpoints, which are not asked.
 *
 * @see https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
 */
export const azureManagedIdentity: SourceKind<'azure_managed_identity', typeof settings> = {
  type: 'azure_managed_identity',
  settings,
  values: ['token'],
  create({ endpoint = SERVER, timeout_seconds, ...identity }, { clock }) {
    const client = httpClient({ timeout_seconds }, 'metadata');
    const query = { 'api-version': '2018-02-01', ...identity };
    const url = metadataUrl(endpoint, '/metadata/identity/oauth2/token', query);
    return {
      async fetch(_previous, signal) {
        const fetchedAt = clock.now();
        const answer = await client.send({ method: 'GET', url, headers: { metadata: 'true' } }, signal);
        const { access_token, expires_on } = tokenIn(answer);
        return { values: { token: access_token }, fetchedAt, expiresAt: expires_on * 1_000 };
      },
      async close() {
        client.close();
      },
    };
  },
};

function tokenIn(answer: HttpAnswer): z.infer<typeof answered> {
  if (answer.status === 410 && answer.headers['retry-after'] === undefined) {
    throw new SourceFailure('Azure’s metadata service answered 410: it is being updated', { retryAfter: UPDATING });
  }
  const { data } = answered.safeParse(jsonObject(answer, 'Azure’s metadata service'));
  if (data === undefined) {
    throw new SourceFailure('Azure’s metadata service answered 200, but with no access_token and expires_on');
  }
  return data;
}
