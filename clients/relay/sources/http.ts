import { httpClient, jsonObject } from '../http/client.ts';
import { SourceFailure, type SourceKind } from '../model/source.ts';
import { bearerToken } from './bearer-token.ts';
import { endOfJwt, endOfLifetime, momentOf, refuseExpired } from './expiry.ts';
import { requestOf } from './http/request.ts';
import { type HttpSourceSettings, httpSourceSettings } from './http/settings.ts';
import { valueAt } from './json-pointer.ts';

/** A token from any API that answers in JSON: what to ask, and where in the answer the token is. */
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
      // A port or an account number is a value as well.
      const text = typeof value === 'number' ? String(value) : value;
      if (typeof text === 'string' && text !== '') {
        return [name, values === undefined ? bearerToken(text, issuer, 'token') : text];
      }
      throw new SourceFailure(`${issuer} gave an answer without a text at ${pointer}`);
    }),
  );
}

/** When the answer says that the token ends. It must say so where the settings tell it to. @throws {SourceFailure} */
function endIn(
  answer: Record<string, unknown>,
  { expires_in_pointer, expires_at_pointer }: HttpSourceSettings,
  fetchedAt: number,
  issuer: string,
): number | undefined {
  if (expires_in_pointer !== undefined) {
    const end = endOfLifetime(valueAt(answer, expires_in_pointer), fetchedAt);
    if (end === undefined) throw new SourceFailure(`${issuer} gave no number of seconds at ${expires_in_pointer}`);
    return end;
  }
  if (expires_at_pointer === undefined) return undefined;
  const end = momentOf(valueAt(answer, expires_at_pointer));
  if (end === undefined) throw new SourceFailure(`${issuer} gave no moment at ${expires_at_pointer}`);
  return end;
}
