import { SourceFailure, type SourceTools } from '../../model/source.ts';
import { secretOf } from '../../settings/secret-reference.ts';
import type { ClientCredentialsSettings } from './settings.ts';

/** What a token request says to prove which client it is from. */
export interface ClientAuthentication {
  headers: Record<string, string>;
  parameters: Record<string, string>;
}

/**
 * Proves to the token endpoint which client asks, by a secret or a key that is read anew.
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
    // Signing JWTs takes memory that no other way of proving oneself needs.
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
  // Encoded as in a form first: either may hold a colon (RFC 6749 2.3.1).
  const basic = Buffer.from(`${formEncoded(client_id)}:${formEncoded(client_secret)}`).toString('base64');
  return { headers: { authorization: `Basic ${basic}` }, parameters: {} };
}

/** How the client proves itself: as the settings say, or else by what they hold. */
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
  if (reference === undefined) throw new SourceFailure(`${name}_path must say where the client's secret is`);
  return await tools.secret(reference);
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
