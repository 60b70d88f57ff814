import * as z from 'zod';
import { targetOf } from '../../http/reach.ts';
import { transportFields } from '../../settings/fields.ts';

/** The settings that every source of a cloud's metadata server has. It is never behind a proxy, and has no certificate. */
export const metadataFields = {
  endpoint: z
    .string({ error: 'must be a URL' })
    .refine(isMetadataServer, { error: 'must be the http URL of a metadata server, such as http://169.254.169.254' })
    .optional()
    .meta({ description: 'The metadata server, where it is not at its usual address: a link-local one, or loopback.' }),
  timeout_seconds: transportFields.timeout_seconds,
};

function isMetadataServer(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.pathname !== '/' || url.search || url.hash) return false;
  try {
    targetOf(text, 'metadata');
    return true;
  } catch {
    return false;
  }
}

/** A URL below a metadata server. @param query what stands in it; nothing that is `undefined` */
export function metadataUrl(server: string, path: string, query: Record<string, string | undefined> = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return `${server.replace(/\/+$/, '')}${path}${given.length === 0 ? '' : `?${given.join('&')}`}`;
}
