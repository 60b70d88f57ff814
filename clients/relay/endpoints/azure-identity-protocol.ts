import { type Answer, type EndpointRequest, notFound, type Protocol, Refusal, requireMethod } from './exchange.ts';
import { isSameSecret } from './same-secret.ts';
import { type Lookup, usableBearer } from './usable-token.ts';

/** The header with the secret and the parameter with the client id, by the version of the API. */
const VERSIONS = new Map([
  ['2019-08-01', { header: 'x-identity-header', clientId: 'client_id' }],
  ['2017-09-01', { header: 'secret', clientId: 'clientid' }],
]);
const TOKEN_PATH = /^\/msi\/token\/?$/i;

/** Parameters with which a client selects one of several identities. */
const IDENTITY_PARAMETERS = ['client_id', 'clientid', 'principal_id', 'object_id', 'mi_res_id'];

export interface AzureIdentitySettings {
  /** The name of the token for each resource. */
  resources: Readonly<Record<string, string>>;
  client_id?: string | undefined;
}

/**
 * Serves the managed identity of an App Service to unmodified Azure SDKs. `IDENTITY_ENDPOINT` is the URL of
 * `/msi/token` here. SDKs send the value of `IDENTITY_HEADER` as the X-IDENTITY-HEADER header. `expires_on` is text
 * with the seconds since the epoch (learn.microsoft.com/azure/app-service/overview-managed-identity, "REST endpoint
 * reference"). MSAL reads `statusCode` and `message` of errors.
 *
 * Clients with `MSI_ENDPOINT` and `MSI_SECRET` use version 2017-09-01: the secret is in the header `secret`, and the
 * parameter is `clientid`. App Service returned local dates in that version; current clients need seconds.
 *
 * @param secret the required value of `IDENTITY_HEADER`
 */
export function azureIdentityProtocol(lookup: Lookup, settings: AzureIdentitySettings, secret: string): Protocol {
  const names = new Map(Object.entries(settings.resources).map(([resource, name]) => [plain(resource), name]));
  return {
    name: 'azure-managed-identity',
    answer(request) {
      const version = VERSIONS.get(request.query.get('api-version') ?? '');
      const headers = version === undefined ? [...VERSIONS.values()].map(({ header }) => header) : [version.header];
      if (!headers.some((header) => isSameSecret(request.header(header), secret))) {
        const header = headers.join(' or ').toUpperCase();
        throw new Refusal(401, 'unauthorized', `${header} must be the content of header_file`, {
          headers: { 'www-authenticate': 'TokenRelay' },
        });
      }
      if (!TOKEN_PATH.test(request.path)) throw notFound();
      requireMethod(request, 'GET');
      if (version === undefined) {
        throw new Refusal(400, 'invalid_request', `api-version must be ${[...VERSIONS.keys()].join(' or ')}`);
      }
      return tokenFor(request, lookup, names, { name: version.clientId, value: settings.client_id });
    },
    wordError: ({ status, code, message }) => ({ statusCode: status, error: code, message }),
  };
}

function tokenFor(
  { query }: EndpointRequest,
  lookup: Lookup,
  names: ReadonlyMap<string, string>,
  clientId: { name: string; value: string | undefined },
): Answer {
  const other = IDENTITY_PARAMETERS.find(
    // The SDK for Go sends an empty `clientid` for the default identity.
    (name) => query.get(name) && !(name === clientId.name && query.get(name) === clientId.value),
  );
  if (other !== undefined)
    throw new Refusal(400, 'unknown_identity', `this endpoint has no identity with that ${other}`);
  const resource = query.get('resource') ?? '';
  const name = names.get(plain(resource));
  if (name === undefined) throw new Refusal(400, 'invalid_resource', 'this endpoint has no token for that resource');
  const { bearer, expiresAt } = usableBearer(lookup, name);
  return {
    body: {
      access_token: bearer,
      expires_on: String(Math.floor(expiresAt / 1_000)),
      resource,
      token_type: 'Bearer',
      ...(clientId.value !== undefined && { client_id: clientId.value }),
    },
  };
}

/** Normalizes a resource. Clients also append a slash, or send the scope `https://vault.azure.net/.default`. */
function plain(resource: string): string {
  return resource
    .toLowerCase()
    .replace(/\/\.default$/, '')
    .replace(/\/+$/, '');
}
