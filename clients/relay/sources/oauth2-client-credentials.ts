import { httpClient, jsonObject } from '../http/client.ts';
import { SourceFailure, type SourceKind } from '../model/source.ts';
import { bearerToken } from './bearer-token.ts';
import { endOfJwt, refuseExpired, statedEnd } from './expiry.ts';
import { authenticate } from './oauth2/client-authentication.ts';
import { type ClientCredentialsSettings, clientCredentialsSettings, isBoundToKey } from './oauth2/settings.ts';

/** Access tokens from an OAuth issuer, with the client credentials grant (RFC 6749 4.4). */
export const oauth2ClientCredentials: SourceKind<'oauth2_client_credentials', typeof clientCredentialsSettings> = {
  type: 'oauth2_client_credentials',
  settings: clientCredentialsSettings,
  values: ['token'],
  create(settings, tools) {
    const client = httpClient(settings, 'issuer', tools.secret);
    const issuer = new URL(settings.endpoint).host;
    return {
      async fetch(_previous, signal) {
        const { headers, parameters } = await authenticate(settings, tools);
        const fetchedAt = tools.clock.now();
        const answer = await client.send(
          {
            method: 'POST',
            url: settings.endpoint,
            headers: { ...headers, accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
            body: formOf(settings, parameters).toString(),
          },
          signal,
        );
        const { token, expiresAt } = accessToken(jsonObject(answer, issuer), issuer, fetchedAt, settings.token_types);
        refuseExpired(expiresAt, tools.clock.now(), issuer);
        return { values: { token }, fetchedAt, ...(expiresAt !== undefined && { expiresAt }) };
      },
      async close() {
        client.close();
      },
    };
  },
};

/** The type of RFC 6750, and Apigee's name for it. */
const BEARER_TYPES = ['Bearer', 'BearerToken'];

function formOf(settings: ClientCredentialsSettings, authentication: Record<string, string>): URLSearchParams {
  const { scope, audience, resource = [], parameters } = settings;
  const form = new URLSearchParams({ ...parameters, grant_type: 'client_credentials', ...authentication });
  if (scope !== undefined) form.set('scope', scope);
  if (audience !== undefined) form.set('audience', audience);
  for (const each of [resource].flat()) form.append('resource', each);
  return form;
}

/** Reads a successful response (RFC 6749 5.1). @throws {SourceFailure} */
function accessToken(
  answer: Record<string, unknown>,
  issuer: string,
  fetchedAt: number,
  otherTypes: readonly string[] = [],
) {
  const { access_token, expires_in } = answer;
  // Some issuers omit members that they must send, or send null.
  const token_type = answer.token_type ?? 'Bearer';
  const token = bearerToken(access_token, issuer, 'access_token');
  // A program that reads the token from a file cannot use a token that is bound to a key.
  const type = typeof token_type === 'string' ? token_type.trim().toLowerCase() : '';
  if (![...BEARER_TYPES, ...otherTypes].some((accepted) => accepted.toLowerCase() === type)) {
    const hint =
      type === '' || isBoundToKey(type)
        ? ''
        : ': if it is used like a bearer token, list its token_type in the setting token_types';
    throw new SourceFailure(`${issuer} returned a token whose type is not Bearer${hint}`);
  }
  // `expires_in` is only recommended.
  if (expires_in === undefined || expires_in === null) return { token, expiresAt: endOfJwt(token) };
  return { token, expiresAt: statedEnd(expires_in, fetchedAt, issuer) };
}
