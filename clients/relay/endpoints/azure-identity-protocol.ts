import { type Answer, type EndpointRequest, notFound, type Protocol, Refusal, requireMethod } from './exchange.ts';
import { isSameSecret } from './same-secret.ts';
import { type Lookup, usableBearer } from './usable-token.ts';

const API_VERSION = '2019-08-01';
const TOKEN_PATH = /^\/msi\/token\/?$/i;

/** Parameters with which a client selects one of several identities. */
const IDENTITY_PARAMETERS = ['client_id', 'principal_id', 'object_id', 'mi_res_id'];

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
 * @param secret the required value of `IDENTITY_HEADER`
 */
export function azureIdentityProtocol(lookup: Lookup, settings: AzureIdentitySettings, secret: string): Protocol {
  const names = new Map(Object.entries(settings.resources).map(([resource, name]) => [plain(resource), name]));
  return {
    name: 'azure-managed-identity',
    answer(request) {
      if (!isSameSecret(request.header('x-identity-header'), secret)) {
        throw new Refusal(401, 'unauthorized', 'X-IDENTITY-HEADER must be the content of header_file', {
          headers: { 'www-authenticate': 'TokenRelay' },
        });
      }
      if (!TOKEN_PATH.test(request.path)) throw notFound();
      requireMethod(request, 'GET');
      return tokenFor(request, lookup, names, settings.client_id);
    },
    wordError: ({ status, code, message }) => ({ statusCode: status, error: code, message }),
  };
}

function tokenFor(
  { query }: EndpointRequest,
  lookup: Lookup,
  names: ReadonlyMap<string, string>,
  clientId: string | undefined,
): Answer {
  if (query.get('api-version') !== API_VERSION) {
    throw new Refusal(400, 'invalid_request', `api-version must be ${API_VERSION}`);
  }
  const other = IDENTITY_PARAMETERS.find(
    (name) => query.has(name) && !(name === 'client_id' && query.get(name) === clientId),
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
      ...(clientId !== undefined && { client_id: clientId }),
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
