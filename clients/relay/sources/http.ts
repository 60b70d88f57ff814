import { httpClient, jsonObject } from '../http/client.ts';
import { parseExactly, rounded, valueText, valueTexts } from '../model/exact-json.ts';
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
    const client = httpClient(settings, 'public', tools.secret);
    const issuer = new URL(settings.url).host;
    return {
      async fetch(_previous, signal) {
        const request = await requestOf(settings, tools);
        const fetchedAt = tools.clock.now();
        const answer = jsonObject(await client.send(request, signal), issuer, parseExactly);
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

/** Returns the values in the response. @throws {SourceFailure} if there is nothing at one of the pointers */
function valuesIn(
  answer: Record<string, unknown>,
  { token_pointer = '/token', values }: HttpSourceSettings,
  issuer: string,
): Record<string, string> {
  if (values === undefined) {
    const token = valueAt(answer, token_pointer);
    const text = typeof token === 'string' || typeof rounded(token) === 'number' ? valueText(token) : undefined;
    if (!text) throw new SourceFailure(`the response from ${issuer} has no text at ${token_pointer}`);
    return { token: bearerToken(text, issuer, 'token') };
  }
  const found = Object.entries(values).map(([name, pointer]): [string, unknown] => [name, valueAt(answer, pointer)]);
  const missing = found.find(([, value]) => value === undefined)?.[0];
  if (missing !== undefined) throw new SourceFailure(`the response from ${issuer} has nothing at ${values[missing]}`);
  const texts = valueTexts(Object.fromEntries(found));
  if (Object.keys(texts).length === 0) throw new SourceFailure(`the response from ${issuer} has null for every value`);
  return texts;
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
