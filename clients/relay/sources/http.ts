import { httpClient, jsonObject } from '../http/client.ts';
import { SourceFailure, type SourceKind } from '../model/source.ts';
import { bearerToken } from './bearer-token.ts';
import { endOfJwt, endOfLifetime, momentOf, refuseExpired } from './expiry.ts';
import { requestOf } from './http/request.ts';
import { type HttpSourceSettings, httpSourceSettings } from './http/settings.ts';
import { valueAt } from './json-pointer.ts';

/** A token from any API with JSON responses. The settings describe the request and the token's path in the response. */
export const http: SourceKind<'http', typeof httpSourceSettings> = {
  type: 'http',
  settings: httpSourceSettings,
  create(settings, tools) {
    const client = httpClient(settings, 'public');
    const issuer = new URL(settings.url).host;
    return {
      async fetch(_previous, signal) {
        const request = await requestOf(settings, tools);
        const fetchedAt = tools.clock.now();
        const answer = jsonObject(await client.send(request, signal), issuer);
        const values = valuesIn(answer, settings, issuer);
        const expiresAt = endIn(answer, settings, fetchedAt, issuer) ?? endOfJwt(values.token ?? '');
        refuseExpired(expiresAt, tools.clock.now(), issuer);
        return { values, fetchedAt, ...(expiresAt !== undefined && { expiresAt }) };
      },
      async close() {
        client.close();
      },
    };
  },
};

function valuesIn(
  answer: Record<string, unknown>,
  { token_pointer, values }: HttpSourceSettings,
  issuer: string,
): Record<string, string> {
  const pointers = values ?? { token: token_pointer ?? '/token' };
  return Object.fromEntries(
    Object.entries(pointers).map(([name, pointer]) => {
      const value = valueAt(answer, pointer);
      // Numbers are allowed: a port or an account number may be a value.
      const text = typeof value === 'number' ? String(value) : value;
      if (typeof text === 'string' && text !== '') {
        return [name, values === undefined ? bearerToken(text, issuer, 'token') : text];
      }
      throw new SourceFailure(`the response from ${issuer} has no text at ${pointer}`);
    }),
  );
}

/** Returns the expiry in the response. @throws {SourceFailure} if the configured pointer does not lead to one */
function endIn(
  answer: Record<string, unknown>,
  { expires_in_pointer, expires_at_pointer }: HttpSourceSettings,
  fetchedAt: number,
  issuer: string,
): number | undefined {
  if (expires_in_pointer !== undefined) {
    const end = endOfLifetime(valueAt(answer, expires_in_pointer), fetchedAt);
    if (end === undefined)
      throw new SourceFailure(`the response from ${issuer} has no number of seconds at ${expires_in_pointer}`);
    return end;
  }
  if (expires_at_pointer === undefined) return undefined;
  const end = momentOf(valueAt(answer, expires_at_pointer));
  if (end === undefined) throw new SourceFailure(`the response from ${issuer} has no time at ${expires_at_pointer}`);
  return end;
}
