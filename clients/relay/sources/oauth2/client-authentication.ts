import { SourceFailure, type SourceTools } from '../../model/source.ts';
import { secretOf } from '../../settings/secret-reference.ts';
import type { ClientCredentialsSettings } from './settings.ts';

/** The headers and parameters that authenticate the client in a token request. */
export interface ClientAuthentication {
  headers: Record<string, string>;
  parameters: Record<string, string>;
}

/**
 * Authenticates the client to the token endpoint. Reads the secret or key again for each request.
 *
 * @throws {SourceFailure}
 */
export async function authenticate(
  settings: ClientCredentialsSettings,
  tools: SourceTools,
): Promise<ClientAuthentication> {
  const { client_id } = settings;
  const authentication = authenticationOf(settings);
  if (authentication === 'private_key_jwt') {
    const { assertion_audience: audience = settings.endpoint, key_id: keyId } = settings;
    const privateKey = await secret(settings, 'private_key', tools);
    // Imported on demand, because signing JWTs uses memory that the other methods do not need.
    const { clientAssertion } = await import('./client-assertion.ts');
    const client_assertion = await clientAssertion(
      { clientId: client_id, audience, privateKey, keyId },
      tools.clock.now(),
    );
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    return { headers: {}, parameters: { client_id, client_assertion_type, client_assertion } };
  }
  const client_secret = await secret(settings, 'client_secret', tools);
  if (authentication === 'client_secret_post') return { headers: {}, parameters: { client_id, client_secret } };
  // Form-encode both first, since either may contain a colon (RFC 6749 2.3.1).
  const basic = Buffer.from(`${formEncoded(client_id)}:${formEncoded(client_secret)}`).toString('base64');
  return { headers: { authorization: `Basic ${basic}` }, parameters: {} };
}

/** Returns the configured authentication method, or the default for the given secret or key. */
function authenticationOf({ authentication, private_key, private_key_path }: ClientCredentialsSettings) {
  const hasKey = private_key !== undefined || private_key_path !== undefined;
  return authentication ?? (hasKey ? 'private_key_jwt' : 'client_secret_post');
}

async function secret(
  settings: ClientCredentialsSettings,
  name: 'client_secret' | 'private_key',
  tools: SourceTools,
): Promise<string> {
  const reference = secretOf(settings, name);
  if (reference === undefined) throw new SourceFailure(`${name}_path is missing: the client needs it to authenticate`);
  return await tools.secret(reference);
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
