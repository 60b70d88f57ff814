import type { HttpRequest } from '../../http/client.ts';
import { SourceFailure, type SourceTools } from '../../model/source.ts';
import { secretOf } from '../../settings/secret-reference.ts';
import type { FromSecret, HttpSourceSettings } from './settings.ts';

/** Builds the configured request, with its secrets. @throws {SourceFailure} if a secret is missing */
export async function requestOf(
  { url, method, headers = {}, json, form }: HttpSourceSettings,
  tools: Pick<SourceTools, 'secret'>,
): Promise<HttpRequest> {
  const given = lowerCased(await filled(headers, tools));
  const accepting = { accept: 'application/json', ...given };
  if (json !== undefined) {
    const body = JSON.stringify(await filled(json, tools));
    return { method: 'POST', url, headers: { 'content-type': 'application/json', ...accepting }, body };
  }
  if (form !== undefined) {
    const body = new URLSearchParams(await filled(form, tools)).toString();
    return {
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...accepting },
      body,
    };
  }
  return { method: method ?? 'GET', url, headers: accepting };
}

async function filled<Plain extends string | number | boolean>(
  fields: Record<string, Plain | FromSecret>,
  tools: Pick<SourceTools, 'secret'>,
): Promise<Record<string, Plain | string>> {
  const entries = Object.entries(fields).map(
    async ([name, value]): Promise<[string, Plain | string]> => [
      name,
      typeof value === 'object' ? `${value.prefix ?? ''}${await secretIn(value, tools)}` : value,
    ],
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function secretIn(value: FromSecret, tools: Pick<SourceTools, 'secret'>): Promise<string> {
  const reference = secretOf(value, 'secret');
  if (reference === undefined) throw new SourceFailure('the request needs a secret: set secret_path');
  return await tools.secret(reference);
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
